"""Which fault happens to which call: deterministic by seed and count, durable over a restart."""

from __future__ import annotations

import random
from dataclasses import dataclass

import orjson

from sandbox.engine.store import Store
from sandbox.engine.values import Json
from sandbox.faults import scripts
from sandbox.faults.scripts import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One moment at which a fault could happen."""

    provider: str
    operation: str
    kinds: tuple[str, ...]
    amount: int | None = None
    key: str = ""
    references: tuple[str, ...] = ()
    event: str = ""


@dataclass(slots=True)
class _Live:
    script: Script
    seen: int
    fired: int

    def exhausted(self) -> bool:
        return self.script.times is not None and self.fired >= self.script.times


class Faults:
    """The list of scripts in force, in the order in which they were set."""

    def __init__(self, *, store: Store) -> None:
        self._store = store
        rows = store.read("SELECT script, seen, fired FROM faults ORDER BY rowid")
        lives = [_Live(script=Script(**orjson.loads(script)), seen=seen, fired=fired) for script, seen, fired in rows]
        self._lives = {live.script.id: live for live in lives}

    def put(self, script: Script) -> None:
        """Set or replace a script; its counts start again."""
        self._store.write("DELETE FROM faults WHERE id = ?", (script.id,))
        self._store.write("INSERT INTO faults (id, script) VALUES (?, ?)", (script.id, orjson.dumps(script.show())))
        self._lives.pop(script.id, None)
        self._lives[script.id] = _Live(script=script, seen=0, fired=0)

    def remove(self, *, provider: str = "", operation: str = "", id: str = "") -> int:  # noqa: A002 - the field's name
        """Remove what matches every given word; all of them if none is given. Returns how many."""
        gone = [
            live.script.id
            for live in self._lives.values()
            if (not provider or live.script.provider == provider)
            and (not operation or live.script.operation == operation)
            and (not id or live.script.id == id)
        ]
        for name in gone:
            del self._lives[name]
            self._store.write("DELETE FROM faults WHERE id = ?", (name,))
        return len(gone)

    def show(self) -> list[Json]:
        """Return every script with how often it matched and fired."""
        return [{**live.script.show(), "seen": live.seen, "fired": live.fired} for live in self._lives.values()]

    def pick(self, occasion: Occasion) -> list[Script]:
        """Return the faults that happen now, counting them: every latency, and the first of the other kinds."""
        if not self._lives:
            return []
        chosen: list[Script] = []
        decided = False
        for live in self._lives.values():
            if live.exhausted() or not _matches(live.script, occasion):
                continue
            if decided and live.script.fault != "latency":
                continue
            if self._draws(live):
                chosen.append(live.script)
                decided = decided or live.script.fault != "latency"
        return chosen

    def _draws(self, live: _Live) -> bool:
        """Count the match and say whether it fires: the n-th match of a seed always gives the same answer."""
        number = live.seen
        live.seen += 1
        fires = number >= live.script.skip and _chance(live.script, number)
        live.fired += fires
        self._store.write("UPDATE faults SET seen = ?, fired = ? WHERE id = ?", (live.seen, live.fired, live.script.id))
        return fires


def _chance(script: Script, number: int) -> bool:
    if script.probability >= 1:
        return True
    return random.Random(f"{script.seed}:{number}").random() < script.probability  # noqa: S311 - must be repeatable


def _matches(script: Script, occasion: Occasion) -> bool:
    return (
        script.fault in occasion.kinds
        and script.provider in (occasion.provider, "*")
        and _operation_matches(script, occasion)
        and (script.amount is None or script.amount == occasion.amount)
        and (not script.key or script.key == occasion.key)
        and (not script.reference or script.reference in occasion.references)
        and (not script.event or script.event == occasion.event)
    )


def _operation_matches(script: Script, occasion: Occasion) -> bool:
    if script.operation in (occasion.operation, "*"):
        return True
    return script.operation == "webhook" and script.fault in scripts.WEBHOOK
