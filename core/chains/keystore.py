"""The keystore's door: one seed per installation, and signatures over stored transactions only."""

from __future__ import annotations

from core.chains.fees import Fees
from core.chains.models import ChainTransaction
from core.chains.signing import authorised, seeds
from core.chains.signing.local import Local, Signer
from core.chains.signing.signed import Signed

_signer: Signer = Local()


def ensure() -> int:
    """Make the encrypted seed unless this installation has one; return its number. Called by ``manage.py prepare``."""
    return seeds.ensure()


def address(*, chain: str, seed: int, number: int) -> str:
    """Return the address of the wallet with this number.

    Raises: seeds.Missing; Refused (``chain_unavailable``).
    """
    return _signer.address(chain=chain, seed=seed, number=number)


def sign(step: ChainTransaction, *, fees: Fees) -> Signed:
    """Sign one stored transaction with a fee.

    Raises: authorised.NotAuthorised; seeds.Missing, seeds.Spoiled.
    """
    return _signer.sign(authorised.of(step, fees=fees))
