"""The seed: made once, kept encrypted, opened only while a key is derived. Never logged, never in settings.

Source: BIP-39 (phrase), BIP-32 and BIP-44 (tree), by eth-account.
"""

from __future__ import annotations

import hashlib

from django.db import connection
from eth_keys import datatypes as keys

from core.chains.models import Seed
from core.chains.signing.library import Language, generate_mnemonic, key_from_seed, seed_from_mnemonic
from core.encryption import cipher
from core.kernel import errors

CURRENT = 1
_WORDS = 24
_MARK = "m/0'"
_INSERT = """
    INSERT INTO chains_seed (number, phrase, fingerprint, created_at) VALUES (%s, %s, %s, clock_timestamp())
    ON CONFLICT (number) DO NOTHING
"""


class Missing(errors.SystemFault):
    """There is no seed yet: ``keystore.ensure()`` makes it, once per installation."""

    default_code = "seed_missing"


class Spoiled(errors.SystemFault):
    """The stored phrase is not the one that this seed was made with."""

    default_code = "seed_spoiled"


def ensure() -> int:
    """Make the seed unless there is one, and return its number. Of many callers at once one wins."""
    if Seed.objects.filter(number=CURRENT).exists():
        return CURRENT
    phrase = generate_mnemonic(_WORDS, Language.ENGLISH)
    context = f"{Seed._meta.db_table}.phrase"
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [CURRENT, cipher.encrypt(phrase, context=context), fingerprint(phrase)])
    return CURRENT


def key(*, number: int, path: str) -> bytes:
    """Return the private key at a path.

    Raises: Missing, Spoiled.
    """
    found = Seed.objects.filter(number=number).first()
    if found is None:
        raise Missing(detail="The keystore has no seed yet.")
    if fingerprint(found.phrase) != found.fingerprint:
        raise Spoiled(detail=f"Seed {number} opens to another phrase than it was made with.")
    return key_from_seed(seed_from_mnemonic(found.phrase, ""), path)


def fingerprint(phrase: str) -> str:
    """Return what a phrase is known by without telling anything of it: the hash of one of its public keys."""
    mark = keys.PrivateKey(key_from_seed(seed_from_mnemonic(phrase, ""), _MARK))
    return hashlib.sha256(mark.public_key.to_compressed_bytes()).hexdigest()[:16]
