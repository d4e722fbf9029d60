"""The ledger in plain Python, one movement after another: slow, obvious, and written without looking at the SQL.

It knows nothing of accounts as rows, of sets or of locks. What it says is what the database must say.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field


@dataclass
class Balance:
    """What one account holds. ``bounded`` is False for the platform's own accounts."""

    bounded: bool = True
    posted: int = 0
    held: int = 0
    incoming: int = 0
    reversible: int = 0


@dataclass
class Promise:
    """A hold, an expectation or a lot: whose it is, how much, and how it stands."""

    account: str
    units: int
    state: str


@dataclass
class Oracle:
    """All that the ledger knows."""

    balances: dict[str, Balance] = field(default_factory=dict)
    promises: dict[str, Promise] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    def apply(self, steps: list[tuple[object, ...]]) -> set[str]:
        """Take one movement whole or not at all. Returns the reasons against it; none: it was taken.

        A step is ("entry", key, [(account, units, leaves)...]) or (operation, name, account or units, ...).
        """
        trial = copy.deepcopy(self)
        reasons: set[str] = set()
        exits: set[str] = set()
        for step in steps:
            reasons |= trial._take(step, exits)
        if "duplicate" in reasons:
            return {"duplicate"}
        if reasons:
            return reasons
        reasons = trial._against(exits)
        if not reasons:
            self.balances, self.promises, self.keys = trial.balances, trial.promises, trial.keys
        return reasons

    def _take(self, step: tuple[object, ...], exits: set[str]) -> set[str]:
        name, *rest = step
        return getattr(self, f"_{name}")(exits, *rest) or set()  # type: ignore[no-any-return]

    def _entry(self, exits: set[str], key: str, lines: list[tuple[str, int, bool]]) -> set[str]:
        if key in self.keys:
            return {"duplicate"}
        self.keys.add(key)
        for account, units, leaves in lines:
            self.balances[account].posted += units
            if leaves:
                exits.add(account)
        return set()

    def _hold(self, exits: set[str], name: str, account: str, units: int, leaves: bool) -> set[str]:
        if name in self.promises:
            return {"duplicate"}
        self.promises[name] = Promise(account, units, "open")
        self.balances[account].held += units
        if leaves:
            exits.add(account)
        return set()

    def _pin(self, _: set[str], name: str) -> set[str]:
        return set() if self._is(name, "open") else {"hold_not_open"}

    def _capture(self, _: set[str], name: str, units: int) -> set[str]:
        if not self._is(name, "open"):
            return {"hold_not_open"}
        if units > self.promises[name].units:
            return {"hold_exceeded"}
        return self._free(name, "captured")

    def _release(self, _: set[str], name: str) -> set[str]:
        return self._free(name, "released") if self._is(name, "open") else {"hold_not_open"}

    def _free(self, name: str, state: str) -> set[str]:
        promise = self.promises[name]
        promise.state = state
        self.balances[promise.account].held -= promise.units
        return set()

    def _expect(self, _: set[str], name: str, account: str, units: int) -> set[str]:
        if name in self.promises:
            return {"duplicate"}
        self.promises[name] = Promise(account, units, "written")
        return set()

    def _announce(self, _: set[str], name: str) -> set[str]:
        if not self._is(name, "written"):
            return {"expectation_not_open"}
        self.promises[name].state = "announced"
        self.balances[self.promises[name].account].incoming += self.promises[name].units
        return set()

    def _close(self, _: set[str], name: str) -> set[str]:
        if not self._is(name, "written", "announced"):
            return {"expectation_not_open"}
        promise = self.promises[name]
        if promise.state == "announced":
            self.balances[promise.account].incoming -= promise.units
        promise.state = "closed"
        return set()

    def _lot(self, _: set[str], name: str, account: str, units: int) -> set[str]:
        if name in self.promises:
            return {"duplicate"}
        self.promises[name] = Promise(account, units, "lot")
        self.balances[account].reversible += units
        return set()

    def _consume(self, _: set[str], name: str, units: int) -> set[str]:
        if self._is(name, "lot"):
            taken = min(units, self.promises[name].units)
            self.promises[name].units -= taken
            self.balances[self.promises[name].account].reversible -= taken
        return set()

    def _is(self, name: str, *states: str) -> bool:
        return name in self.promises and self.promises[name].state in states

    def _against(self, exits: set[str]) -> set[str]:
        reasons = set()
        for account, balance in self.balances.items():
            free = balance.posted - balance.held
            if balance.bounded and free < 0:
                reasons.add("insufficient_funds")
            elif balance.bounded and account in exits and free < balance.reversible:
                reasons.add("funds_reversible")
        return reasons
