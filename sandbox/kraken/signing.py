"""Who is calling: the key, the signature over path, nonce and body, the nonce that must rise, the call counter."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from sandbox.engine.store import Store
from sandbox.engine.values import Json, Request
from sandbox.kraken import wire

_LARGEST_NONCE = 2**64 - 1
_DECAY_PER_S = 1.0


class Keys:
    """The keys of the exchange, by name; each with its secret, its last nonce and its counter."""

    def __init__(self, *, store: Store, secrets: Mapping[str, str], limit: int) -> None:
        """Needs: secrets in base64. ``limit`` is where the call counter stops a key; 0 never does."""
        self._store = store
        self._secrets = {key: base64.b64decode(secret, validate=True) for key, secret in secrets.items()}
        self._nonces = {str(key): int(nonce) for key, nonce in store.read("SELECT key, nonce FROM exchange_keys")}
        self._limit = limit
        self._counters: dict[str, tuple[float, float]] = {}

    def check(self, request: Request, params: Json) -> str:
        """Return the key that signed a request.

        Raises: Refused (Invalid key, Invalid signature, Invalid nonce).
        """
        key = request.headers.get("api-key", "")
        secret = self._secrets.get(key)
        if secret is None:
            raise wire.refused("EAPI:Invalid key")
        nonce = str(params.get("nonce", ""))
        if not _is_nonce(nonce):
            raise wire.refused("EAPI:Invalid nonce")
        expected = sign(secret=secret, path=request.path, nonce=nonce, body=request.body)
        if not hmac.compare_digest(expected, request.headers.get("api-sign", "").encode("utf-8", "replace")):
            raise wire.refused("EAPI:Invalid signature")
        return key

    def use(self, *, key: str, nonce: int) -> None:
        """Use up a nonce: it is gone whatever becomes of the call. Needs an open change.

        Raises: Refused when it does not rise.
        """
        if nonce <= self._nonces.get(key, 0):
            raise wire.refused("EAPI:Invalid nonce")
        self._nonces[key] = nonce
        self._store.write("INSERT OR REPLACE INTO exchange_keys (key, nonce) VALUES (?, ?)", (key, str(nonce)))

    def count(self, *, key: str, cost: int, now: float) -> None:
        """Count a call; the counter falls by one a second.

        Raises: Refused when it is over the limit.
        """
        if not self._limit or not cost:
            return
        counted, at = self._counters.get(key, (0.0, now))
        counted = max(0.0, counted - (now - at) * _DECAY_PER_S) + cost
        self._counters[key] = (counted, now)
        if counted > self._limit:
            raise wire.refused("EAPI:Rate limit exceeded")


def sign(*, secret: bytes, path: str, nonce: str, body: bytes) -> bytes:
    """Return Kraken's signature: base64 of HMAC-SHA512 over the path and the SHA256 of nonce and body."""
    digest = hashlib.sha256(nonce.encode() + body).digest()
    return base64.b64encode(hmac.new(secret, path.encode() + digest, hashlib.sha512).digest())


def _is_nonce(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= _LARGEST_NONCE
