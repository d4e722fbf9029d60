"""The signature under the head of the chain: Ed25519, so that an outside auditor needs only the public key."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

_PURPOSE = b"diboas audit signing key\x00"


def public_key() -> str:
    """Return the public key that belongs to ``AUDIT_SIGNING_KEY``, in base64, to be given to auditors."""
    raw = _private_key(settings.AUDIT_SIGNING_KEY).public_key().public_bytes_raw()
    return base64.b64encode(raw).decode()


def sign(*, sequence: int, head: str, at: str) -> str:
    """Return the signature under a head of the chain, in base64."""
    message = _message(sequence, head, at)
    return base64.b64encode(_private_key(settings.AUDIT_SIGNING_KEY).sign(message)).decode()


def verifies(*, sequence: int, head: str, at: str, signature: str, key: str) -> bool:
    """Return whether ``key`` signed this head at this moment."""
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(signature, validate=True), _message(sequence, head, at))
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


@functools.lru_cache(maxsize=4)
def _private_key(secret: str) -> Ed25519PrivateKey:
    """The setting is any secret text; its digest is the key's seed."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(_PURPOSE + secret.encode()).digest())


def _message(sequence: int, head: str, at: str) -> bytes:
    return f"diboas-audit-head\n{sequence}\n{head}\n{at}".encode()
