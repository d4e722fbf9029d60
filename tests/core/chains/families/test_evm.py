"""Addresses with their checksum, and the tree of keys, against published vectors."""

from __future__ import annotations

import pytest

from core.chains.families import families
from core.chains.families.evm import Evm
from core.chains.signing.library import key_from_seed, seed_from_mnemonic
from core.kernel import errors

# https://eips.ethereum.org/EIPS/eip-55
VECTORS = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


@pytest.mark.parametrize("address", VECTORS)
def test_an_address_has_one_true_writing(address: str) -> None:
    assert Evm().check_address(address) == address
    assert Evm().check_address("0x" + address[2:].lower()) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed",
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd",
        "0x" + "0" * 40,
        "0x" + "\N{FULLWIDTH DIGIT ONE}" * 40,
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(errors.InvalidInput, match="invalid_address"):
        Evm().check_address(text)


def test_keys_grow_where_everybody_looks_for_them() -> None:
    """The phrase that every development node uses, and its first two addresses."""
    seed = seed_from_mnemonic("test test test test test test test test test test test junk", "")
    evm = Evm()

    found = [evm.address_of(key_from_seed(seed, evm.path(index))) for index in (0, 1)]

    assert found == ["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"]


def test_a_family_without_code_says_so() -> None:
    with pytest.raises(errors.Refused, match="chain_unavailable"):
        families.of("solana")
