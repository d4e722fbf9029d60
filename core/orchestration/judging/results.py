"""What became of one report."""

from __future__ import annotations

from enum import StrEnum


class Result(StrEnum):
    """What became of one report."""

    APPLIED = "applied"
    STALE = "stale"
    DUPLICATE = "duplicate"
    UNKNOWN_OPERATION = "unknown_operation"
    BREAK = "break"
