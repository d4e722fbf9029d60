"""Followers: work that runs again and again, one at a time across all processes, such as linking the audit chain."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

Follow = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """One follower: what it does, and how long it rests in between."""

    name: str
    follow: Follow
    every_s: float


_followers: dict[str, Follower] = {}


def register(name: str, fn: Follow, *, every_s: float = 1.0) -> None:
    """Add a follower, from an ``AppConfig.ready()``. The relay runs it in a transaction, under an advisory lock.

    What it must not rest on: that it runs at all, or in this process. Its work is found again by looking.
    """
    _followers[name] = Follower(name=name, follow=fn, every_s=every_s)


def all_of_them() -> list[Follower]:
    """Return every follower, by name."""
    return [_followers[name] for name in sorted(_followers)]


def run(*, follower: Follower) -> bool:
    """Run a follower once, unless another process is at it; return whether it ran."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_lock(follower.name)])
            if not cursor.fetchone()[0]:
                return False
        follower.follow()
    return True


def _lock(name: str) -> int:
    digest = hashlib.sha256(f"outbox follower {name}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
