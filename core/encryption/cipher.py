"""AES-256-GCM with the key's id in front and the place where it lies as associated data.

A ciphertext moved to another column does not open there.
Source: https://csrc.nist.gov/pubs/sp/800/38/d/final (GCM; a random 96-bit nonce is good for 2**32 messages per key).
"""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag

from core.encryption import keys
from core.kernel import errors

VERSION = "v1"
_NONCE_BYTES = 12


class Unreadable(errors.SystemFault):
    """A stored ciphertext does not open: the wrong place, an unknown key, or somebody touched it."""

    default_code = "ciphertext_unreadable"


def prefix(*, key_id: str) -> str:
    """Return what every text begins with that this key has closed."""
    return f"{VERSION}:{key_id}:"


def encrypt(text: str, *, context: str) -> str:
    """Return ``text`` closed with the current key; ``context`` is where it will lie, such as ``table.column``."""
    return encrypt_bytes(text.encode(), context=context)


def decrypt(sealed: str, *, context: str) -> str:
    """Return the text that ``encrypt`` closed for the same context.

    Raises: Unreadable.
    """
    return decrypt_bytes(sealed, context=context).decode()


def encrypt_bytes(data: bytes, *, context: str) -> str:
    """Return ``data`` closed with the current key, as text."""
    key = keys.current()
    nonce = os.urandom(_NONCE_BYTES)
    head = prefix(key_id=key.id)
    return head + base64.b64encode(nonce + key.aead.encrypt(nonce, data, _associated(head, context))).decode()


def decrypt_bytes(sealed: str, *, context: str) -> bytes:
    """Return the bytes that ``encrypt_bytes`` closed for the same context.

    Raises: Unreadable.
    """
    version, _, rest = sealed.partition(":")
    key_id, _, encoded = rest.partition(":")
    key = keys.ring().get(key_id)
    if version != VERSION or key is None:
        raise Unreadable(detail=f"A value of {context} names no key that we have.")
    try:
        raw = base64.b64decode(encoded, validate=True)
        return key.aead.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _associated(prefix(key_id=key_id), context))
    except (binascii.Error, InvalidTag, ValueError) as fault:
        raise Unreadable(detail=f"A value of {context} does not open.") from fault


def is_current(sealed: str) -> bool:
    """Return whether the current key closed this."""
    return sealed.startswith(prefix(key_id=keys.current().id))


def _associated(head: str, context: str) -> bytes:
    return f"{head}{context}".encode()
