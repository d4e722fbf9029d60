"""One wallet per chain and owner: a customer's own address, the treasury's and the gas account's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from core.chains import keystore
from core.chains.families import families
from core.chains.models import Wallet
from core.chains.signing import seeds
from core.kernel import ids

House = Literal["treasury", "gas"]
Owner = UUID | House
TREASURY: House = "treasury"
GAS: House = "gas"
_HOUSES: tuple[str, ...] = (TREASURY, GAS)
_CUSTOMER = "customer:"


def owner_text(owner: Owner) -> str:
    """Return an owner as it is stored: ``treasury``, ``gas`` or ``customer:<hex>``.

    Raises: ValueError for anybody else.
    """
    if isinstance(owner, UUID):
        return _CUSTOMER + owner.hex
    if owner not in _HOUSES:
        raise ValueError(f"{owner!r} owns no wallet")
    return owner


def address_of(*, owner: Owner, chain: str) -> str:
    """Return the owner's address on a chain; the first call makes it.

    Raises: seeds.Missing before ``keystore.ensure``; Refused (``chain_unavailable``) for a family without code.
    """
    return ensure(owner=owner, chain=chain).address


def find(*, owner: Owner, chain: str) -> Wallet | None:
    """Return the owner's wallet, None while there is none."""
    return Wallet.objects.filter(chain=chain, owner=owner_text(owner)).first()


def ensure(*, owner: Owner, chain: str) -> Wallet:
    """Return the owner's wallet on a chain, made now if it was missing."""
    found = find(owner=owner, chain=chain)
    return found if found is not None else _make(owner, chain)


def with_addresses(*, chain: str, addresses: Iterable[str]) -> dict[str, Wallet]:
    """Return our wallets among these addresses (lower case), by address in lower case."""
    checked = [families.of(chain).check_address(each) for each in set(addresses) if each.strip("0x")]
    found = Wallet.objects.filter(chain=chain, address__in=checked)
    return {wallet.address.lower(): wallet for wallet in found}


@transaction.atomic
def _make(owner: Owner, chain: str) -> Wallet:
    """Give the owner the next number: one at a time per chain, so that numbers have no gap and owners no two."""
    families.of(chain)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"chains wallet {chain}"])
    found = find(owner=owner, chain=chain)
    if found is not None:
        return found
    last = Wallet.objects.filter(seed_id=seeds.CURRENT, chain=chain).aggregate(last=Max("number"))["last"]
    number = 0 if last is None else last + 1
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chains_wallet (id, seed_id, chain, owner, customer_id, number, address, next_nonce,"
            " gas_received, gas_spent, frozen_reason, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 0, 0, 0, '', clock_timestamp())",
            [
                ids.uuid7(),
                seeds.CURRENT,
                chain,
                owner_text(owner),
                owner if isinstance(owner, UUID) else None,
                number,
                keystore.address(chain=chain, seed=seeds.CURRENT, number=number),
            ],
        )
    return Wallet.objects.get(chain=chain, owner=owner_text(owner))
