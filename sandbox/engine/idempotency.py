"""What was answered to which idempotency key, and which keys are being worked on right now."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sandbox.engine.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The first answer to a key."""

    fingerprint: bytes
    status: int
    body: bytes
    resource_id: str


class Keys:
    """Remembers the first answer of each key, per provider, in the same commit as its effects."""

    def __init__(self, *, store: Store) -> None:
        self._store = store
        self.busy: set[tuple[str, str]] = set()

    def find(self, *, provider: str, key: str) -> Recorded | None:
        """Return what was answered to this key, or None."""
        rows = self._store.read(
            "SELECT fingerprint, status, body, resource_id FROM idempotency WHERE provider = ? AND key = ?",
            (provider, key),
        )
        if not rows:
            return None
        fingerprint, status, body, resource_id = rows[0]
        return Recorded(fingerprint=fingerprint, status=status, body=body, resource_id=resource_id)

    def record(self, *, provider: str, key: str, recorded: Recorded, at: float) -> None:
        """Remember the first answer. Needs the change that executed it."""
        self._store.write(
            "INSERT OR REPLACE INTO idempotency (provider, key, fingerprint, status, body, resource_id, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (provider, key, recorded.fingerprint, recorded.status, recorded.body, recorded.resource_id, at),
        )


def fingerprint(*, method: str, path: str, canonical: bytes) -> bytes:
    """Return what two requests must share to be the same request."""
    return hashlib.blake2b(b"\n".join((method.encode(), path.encode(), canonical)), digest_size=16).digest()
