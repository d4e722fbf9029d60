"""The parts of which a page is made: facts, a table, a timeline, a stepper, bars. Each names its template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from core.console.cells import Cell, Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Labels and values."""

    template: ClassVar[str] = "console/parts/facts.html"
    title: str
    icon: str = "info"
    facts: Sequence[tuple[str, Cell]]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under headings. ``numeric`` names the columns that stand to the right; ``empty`` says why there are none."""

    template: ClassVar[str] = "console/parts/table.html"
    title: str
    icon: str = "table_rows"
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numeric: frozenset[int] = frozenset()
    empty: str = "Nothing here."
    note: str = ""
    wide: bool = False

    @property
    def cells(self) -> list[list[tuple[Cell, bool]]]:
        """Every cell with whether it stands to the right."""
        return [[(cell, place in self.numeric) for place, cell in enumerate(row)] for row in self.rows]

    @property
    def headings(self) -> list[tuple[str, bool]]:
        return [(label, place in self.numeric) for place, label in enumerate(self.columns)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of a timeline."""

    number: int
    at: datetime
    title: str
    tone: Tone
    icon: str
    actor: str
    text: str = ""
    data: Cell | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened, in order, numbered without a gap."""

    template: ClassVar[str] = "console/parts/timeline.html"
    title: str
    icon: str = "timeline"
    moments: Sequence[Moment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stop of the way. ``stand`` is done, now, failed or ahead."""

    label: str
    stand: str
    word: str
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepper:
    """How far something has got."""

    template: ClassVar[str] = "console/parts/stepper.html"
    title: str
    icon: str = "linear_scale"
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: the whole height in percent of the highest, the bad share of it in percent, and the words for both."""

    height: int
    bad: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Something by the hour, oldest first."""

    template: ClassVar[str] = "console/parts/bars.html"
    title: str
    icon: str = "bar_chart"
    bars: Sequence[Bar]
    first: str
    last: str
    empty: str = "Nothing happened in this time."
    note: str = ""


Section = Facts | Table | Timeline | Stepper | Bars


def bars_of(counts: Sequence[tuple[str, int, int]]) -> list[Bar]:
    """Return bars from (when, all, failed): the highest count fills the height, nothing is an empty place."""
    most = max((total for _, total, _ in counts), default=0)
    return [
        Bar(
            height=max(round(100 * total / most), 4) if total else 0,
            bad=round(100 * failed / total) if total else 0,
            label=f"{when}: {total} in all, {failed} failed",
        )
        for when, total, failed in counts
    ]
