"""What stands in one place of a table or a list of facts: text, a badge, an amount, a moment, a link.

A badge always has a word and an icon: colour is never the only sign.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.kernel.money import Money

# Decimals of an amount: cents always, and no more of a coin than can be taken in.
_FEWEST, _MOST = 2, 8


class Tone(StrEnum):
    """How something is meant. The colours are in console.css."""

    NEUTRAL = "neutral"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"
    INFO = "info"
    BANKING = "banking"
    INVESTING = "investing"
    DEFI = "defi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value and how it is drawn. ``kind`` is text, mono, badge, amount, time or data; ``is_open`` unfolds data."""

    text: str
    kind: str = "text"
    tone: Tone = Tone.NEUTRAL
    icon: str = ""
    href: str = ""
    title: str = ""
    at: datetime | None = None
    is_open: bool = False


_ICONS = {
    Tone.NEUTRAL: "radio_button_unchecked",
    Tone.SUCCESS: "check_circle",
    Tone.WARNING: "schedule",
    Tone.DANGER: "error",
    Tone.INFO: "sync",
    Tone.BANKING: "account_balance",
    Tone.INVESTING: "trending_up",
    Tone.DEFI: "hub",
}
NOTHING = Cell(text="—")


def text(value: object, *, href: str = "", title: str = "") -> Cell:
    return Cell(text=str(value), href=href, title=title) if value not in {None, ""} else NOTHING


def mono(value: object, *, href: str = "", title: str = "") -> Cell:
    """An id, a key or a reference."""
    return Cell(text=str(value), kind="mono", href=href, title=title) if value not in {None, ""} else NOTHING


def badge(word: str, tone: Tone, *, icon: str = "", href: str = "", title: str = "") -> Cell:
    return Cell(text=word, kind="badge", tone=tone, icon=icon or _ICONS[tone], href=href, title=title)


def amount(money: Money | None, *, signed: bool = False) -> Cell:
    """An amount with thousands grouped, in tabular figures. ``signed`` shows a plus too."""
    if money is None:
        return NOTHING
    return Cell(text=plain(money, signed=signed), kind="amount", title=f"{money.text} {money.asset.code}")


def plain(money: Money, *, signed: bool = False) -> str:
    """Return an amount as people read it, such as ``1,250.00 USD``: no idle zeros, and of a long fraction the head.

    Who needs every digit has them in the title of an amount's cell.
    """
    whole, dot, rest = money.text.lstrip("-").partition(".")
    rest = rest[:_FEWEST] + rest[_FEWEST:].rstrip("0")
    if len(rest) > _MOST:
        rest = f"{rest[:_MOST]}\N{HORIZONTAL ELLIPSIS}"
    sign = "\N{MINUS SIGN}" if money.units < 0 else "+" if signed and money.units > 0 else ""
    return f"{sign}{int(whole):,}{dot}{rest} {money.asset.code}"


def time(at: datetime | None) -> Cell:
    return NOTHING if at is None else Cell(text="", kind="time", at=at)


def data(value: Mapping[str, Any] | list[Any] | str | None, *, is_open: bool = False) -> Cell:
    """A payload, indented, folded away until somebody opens it, unless ``is_open``."""
    if not value:
        return NOTHING
    if isinstance(value, str):
        return Cell(text=value, kind="data", is_open=is_open)
    shown = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return Cell(text=shown, kind="data", is_open=is_open)


def linked(cell: Cell, href: str) -> Cell:
    return replace(cell, href=href)
