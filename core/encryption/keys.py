"""The keys of encrypted fields: the first is current, the others still open what they closed."""

from __future__ import annotations

import base64
import binascii
import functools
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_ID = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key: its id, its cipher, and the key of the blind index that is derived from it."""

    id: str
    aead: AESGCM
    index_key: bytes


def current() -> Key:
    """Return the key that closes what is written now."""
    return next(iter(ring().values()))


def ring() -> dict[str, Key]:
    """Return all keys by id, the current one first.

    Raises: ImproperlyConfigured when a key is malformed, double or missing.
    """
    return _ring(tuple(settings.FIELD_KEYS))


@functools.lru_cache(maxsize=4)
def _ring(texts: tuple[str, ...]) -> dict[str, Key]:
    keys = [_key(text) for text in texts]
    found = {key.id: key for key in keys}
    if not keys or len(found) != len(keys):
        raise ImproperlyConfigured("FIELD_KEYS needs at least one key, each with an id of its own.")
    return found


def _key(text: str) -> Key:
    name, _, encoded = text.partition(":")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        secret = b""
    if not _ID.fullmatch(name) or len(secret) != _KEY_BYTES:
        raise ImproperlyConfigured("An entry of FIELD_KEYS is an id, a colon and 32 bytes in base64.")
    derived = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=b"diboas blind index").derive(secret)
    return Key(id=name, aead=AESGCM(secret), index_key=derived)
