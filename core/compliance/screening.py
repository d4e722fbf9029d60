"""Whether a name is on the list, or so close to one that a person has to look."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rapidfuzz import fuzz, process

from core.compliance import models
from core.kernel import held

EXACT = 100
_NOT_WORD = re.compile(r"[\W_]+")
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One entry that a name is like. ``score`` is 100 for the same name, else how close, in percent."""

    entry_id: UUID
    listed: str
    kind: str
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name to be screened. ``kind`` says which part of the list it is compared with."""

    text: str
    kind: str = models.ScreeningKind.PERSON.value


@dataclass(slots=True)
class _List:
    """The active entries, with the answers already given: people move money more often than lists change."""

    entries: dict[str, list[tuple[str, UUID, str]]] = field(default_factory=dict)
    answers: dict[tuple[Name, int], tuple[Hit, ...]] = field(default_factory=dict)


def normalise(text: str) -> str:
    """Return what names are compared by: no case, accents, punctuation or order of words."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char))
    return " ".join(sorted(_NOT_WORD.sub(" ", plain).split()))


def match(*, names: Iterable[Name], closeness: int) -> dict[Name, tuple[Hit, ...]]:
    """Return the hits, best first, of each name that is on the list or ``closeness`` percent like an entry."""
    listed = _held.get()
    found = {name: _answer(listed, name, closeness) for name in names if name.text}
    return {name: hits for name, hits in found.items() if hits}


def _answer(listed: _List, name: Name, closeness: int) -> tuple[Hit, ...]:
    answer = listed.answers.get((name, closeness))
    if answer is None:
        answer = _compare(listed.entries.get(name.kind, []), name, closeness)
        if len(listed.answers) < _REMEMBERED:
            listed.answers[name, closeness] = answer
    return answer


def _compare(entries: Sequence[tuple[str, UUID, str]], name: Name, closeness: int) -> tuple[Hit, ...]:
    wanted = normalise(name.text)
    close = process.extract(
        wanted, [normalised for normalised, _, _ in entries], scorer=fuzz.ratio, score_cutoff=closeness, limit=5
    )
    # Anything short of the same name stays below 100, whatever rounding says.
    return tuple(
        Hit(
            entry_id=entries[place][1],
            listed=entries[place][2],
            kind=name.kind,
            score=EXACT if normalised == wanted else min(int(score), EXACT - 1),
        )
        for normalised, score, place in close
    )


def _load() -> _List:
    loaded = _List()
    rows = models.ScreeningEntry.objects.filter(is_active=True).order_by("normalised")
    for kind, normalised, entry_id, name in rows.values_list("kind", "normalised", "id", "name"):
        loaded.entries.setdefault(kind, []).append((normalised, entry_id, name))
    return loaded


_held = held.Held(_load)
