"""What must be true at every quiet moment: each package registers its checks, ``verify_books`` asks them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Something that does not add up: which check found it, which row it is about, and what is wrong with it."""

    check: str
    subject: str
    detail: str


Check = Callable[[], Iterable[Break]]
_checks: dict[str, Check] = {}


def register(name: str, fn: Check) -> None:
    """Add a check, from an ``AppConfig.ready()``: ``fn`` yields what it finds broken, and changes nothing."""
    _checks[name] = fn


def names() -> list[str]:
    """Return the names of all checks, sorted."""
    return sorted(_checks)


def run() -> list[Break]:
    """Run every check and return all that is broken. A check that cannot be carried out is a break too."""
    return [found for name in names() for found in _run(name)]


def _run(name: str) -> list[Break]:
    try:
        return list(_checks[name]())
    except Exception as fault:  # noqa: BLE001 - a check that fails must not hide what the others find
        return [Break(check=name, subject="the check itself", detail=f"{type(fault).__name__}: {fault}")]
