"""Random sets of movements against the ledger and against a plain-Python oracle: same verdicts, same balances.

``LEDGER_STEPS`` says how many steps in all (20,000 in the long run); a failing run prints the seed and the shortest
sequence that fails.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from core.kernel.ids import uuid7
from core.ledger import accounts, books, posting, queries, sweeps
from core.ledger.accounts import AccountRef
from core.ledger.movements import (
    Announce,
    CaptureHold,
    ConsumeLot,
    DropExpectation,
    Entry,
    Expect,
    Fulfil,
    Line,
    Movement,
    OpenLot,
    PinHold,
    PlaceHold,
    ReleaseHold,
)
from tests.properties.ledger_oracle import Balance, Oracle

STEPS = int(os.environ.get("LEDGER_STEPS", "1000"))
STEPS_EACH = 50
CUSTOMERS = 3
SEEN: Counter[str] = Counter()
DAY = timedelta(days=1)
KINDS = (
    *("fund", "fund", "transfer", "spend", "hold", "hold", "pin", "capture", "settle", "release", "again"),
    *("expect", "announce", "fulfil", "drop", "lot", "lot", "consume", "replay"),
)
PARTS = st.tuples(
    st.sampled_from(KINDS), st.integers(0, CUSTOMERS - 1), st.integers(0, 7), st.integers(1, 120), st.booleans()
)
SETS = st.lists(st.lists(PARTS, min_size=1, max_size=3), min_size=1, max_size=5)


class LedgerMachine(RuleBasedStateMachine):
    """Builds each movement twice: for the ledger and for the oracle."""

    def __init__(self) -> None:
        super().__init__()
        self.oracle = Oracle()
        self.refs: dict[str, AccountRef] = {}
        for number in range(CUSTOMERS):
            self._open(f"c{number}", accounts.customer(uuid4(), "banking", "USD"))
        self._open("equity", accounts.system("equity", "USD"))
        self._open("bank", accounts.external("increase", "in_transit", "USD"))
        self.own = {name: queries.system_balance(account=self.refs[name]).units for name in ("equity", "bank")}
        self.names: dict[str, list[UUID]] = {"hold": [], "expectation": [], "lot": []}
        self.keys: list[str] = []
        accounts.ensure(self.refs.values())

    def _open(self, name: str, ref: AccountRef) -> None:
        self.refs[name] = ref
        self.oracle.balances[name] = Balance(bounded=name.startswith("c"))

    @rule(moves=SETS, sweep=st.sampled_from(["", "", "", "roll_up", "lots"]), which=st.integers(0, 7))
    def step(self, moves: list[list[tuple[str, int, int, int, bool]]], sweep: str, which: int) -> None:
        built = [pair for pair in (self._build(parts) for parts in moves) if pair[1]]

        verdicts = posting.post(movements=[movement for movement, _ in built])

        for movement, steps in built:
            reasons = self.oracle.apply(steps)
            ruling = verdicts[movement.ref].ruling.value
            assert ruling in (reasons or {"ok"}), (ruling, reasons, steps)
            SEEN[ruling] += 1
        if sweep == "roll_up":
            sweeps.roll_up(limit=which + 1)
        if sweep == "lots" and self.names["lot"]:
            self._fall_due(self._pick("lot", which))
        SEEN["steps"] += 1
        self._balances_agree()

    def _fall_due(self, lot_id: UUID) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE ledger_lot SET release_at = opened_at WHERE id = %s", [lot_id])
        sweeps.close_lots(limit=100)
        promise = self.oracle.promises.get(str(lot_id))
        if promise:
            self.oracle.apply([("consume", str(lot_id), promise.units)])

    def _balances_agree(self) -> None:
        owners = [ref.customer_id for ref in self.refs.values() if ref.customer_id]
        found = {one.code: one for one in queries.balances_of(customer_ids=owners)}
        for name in (name for name in self.refs if self.oracle.balances[name].bounded):
            expected, one = self.oracle.balances[name], found[self.refs[name].code]
            figures = [one.posted.units, one.held.units, one.incoming.units, one.reversible.units]
            assert figures == [expected.posted, expected.held, expected.incoming, expected.reversible], name

    def _system_agrees(self) -> None:
        for name, before in self.own.items():
            posted = queries.system_balance(account=self.refs[name]).units - before
            assert posted == self.oracle.balances[name].posted, name

    def teardown(self) -> None:
        self._system_agrees()
        assert list(books.breaks()) == []

    def _build(self, parts: list[tuple[str, int, int, int, bool]]) -> tuple[Movement, list[tuple[Any, ...]]]:
        entries: list[Entry] = []
        operations: list[Any] = []
        steps: list[tuple[Any, ...]] = []
        named: set[Any] = set()
        for what, who, which, units, leaves in parts:
            for made, step in getattr(self, f"_{what}")(f"c{who}", which, units, leaves):
                if step[1] in named:
                    continue
                named.add(step[1])
                (entries if isinstance(made, Entry) else operations).append(made)
                steps.append(step)
        return Movement(ref=uuid7(), entries=tuple(entries), operations=tuple(operations)), steps

    def _entry(self, key: str, *lines: tuple[str, int, bool]) -> tuple[Entry, tuple[Any, ...]]:
        made = tuple(Line(account=self.refs[name], units=units, leaves=leaves) for name, units, leaves in lines)
        return Entry(key=key, kind="test", lines=made), ("entry", key, list(lines))

    def _key(self) -> str:
        self.keys.append(uuid7().hex)
        return self.keys[-1]

    def _pick(self, kind: str, which: int) -> UUID:
        """A recent one; every other time one that still stands."""
        standing = [name for name in self.names[kind] if self._stands(name)]
        names = standing if standing and which % 2 else self.names[kind]
        return names[-1 - which % len(names)] if names else uuid7()

    def _stands(self, name: UUID) -> bool:
        promise = self.oracle.promises.get(str(name))
        return promise is not None and promise.state in {"open", "written", "announced", "lot"}

    def _fund(self, who: str, _: int, units: int, __: bool) -> Any:
        yield self._entry(self._key(), (who, 3 * units, False), ("equity", -3 * units, False))

    def _transfer(self, who: str, which: int, units: int, leaves: bool) -> Any:
        other = f"c{which % CUSTOMERS}"
        if other != who:
            yield self._entry(self._key(), (who, -units, leaves), (other, units, False))

    def _spend(self, who: str, _: int, units: int, leaves: bool) -> Any:
        yield self._entry(self._key(), (who, -units, leaves), ("bank", units, False))

    def _replay(self, who: str, which: int, units: int, _: bool) -> Any:
        if self.keys:
            key = self.keys[-1 - which % len(self.keys)]
            yield self._entry(key, (who, units, False), ("equity", -units, False))

    def _hold(self, who: str, _: int, units: int, leaves: bool) -> Any:
        self.names["hold"].append(uuid7())
        yield self._placed(self.names["hold"][-1], who, units, leaves)

    def _again(self, who: str, which: int, units: int, leaves: bool) -> Any:
        yield self._placed(self._pick("hold", which), who, units, leaves)

    def _placed(self, name: UUID, who: str, units: int, leaves: bool) -> Any:
        made = PlaceHold(hold_id=name, account=self.refs[who], units=units, leaves=leaves)
        return made, ("hold", str(name), who, units, leaves)

    def _pin(self, _: str, which: int, __: int, ___: bool) -> Any:
        name = self._pick("hold", which)
        yield PinHold(hold_id=name), ("pin", str(name))

    def _capture(self, _: str, which: int, units: int, __: bool) -> Any:
        name = self._pick("hold", which)
        yield CaptureHold(hold_id=name, units=units), ("capture", str(name), units)

    def _settle(self, _: str, which: int, __: int, ___: bool) -> Any:
        name = self._pick("hold", which)
        promise = self.oracle.promises.get(str(name))
        if promise:
            yield CaptureHold(hold_id=name, units=promise.units), ("capture", str(name), promise.units)
            yield self._entry(self._key(), (promise.account, -promise.units, False), ("bank", promise.units, False))

    def _release(self, _: str, which: int, __: int, ___: bool) -> Any:
        name = self._pick("hold", which)
        yield ReleaseHold(hold_id=name), ("release", str(name))

    def _expect(self, who: str, _: int, units: int, __: bool) -> Any:
        name = uuid7()
        self.names["expectation"].append(name)
        made = Expect(expectation_id=name, account=self.refs[who], units=units)
        yield made, ("expect", str(name), who, units)

    def _announce(self, _: str, which: int, __: int, ___: bool) -> Any:
        name = self._pick("expectation", which)
        yield Announce(expectation_id=name), ("announce", str(name))

    def _fulfil(self, _: str, which: int, __: int, ___: bool) -> Any:
        name = self._pick("expectation", which)
        yield Fulfil(expectation_id=name), ("close", str(name))

    def _drop(self, _: str, which: int, __: int, ___: bool) -> Any:
        name = self._pick("expectation", which)
        yield DropExpectation(expectation_id=name), ("close", str(name))

    def _lot(self, who: str, _: int, units: int, __: bool) -> Any:
        name = uuid7()
        self.names["lot"].append(name)
        made = OpenLot(lot_id=name, account=self.refs[who], units=units, lifetime=DAY)
        yield made, ("lot", str(name), who, units)

    def _consume(self, _: str, which: int, units: int, __: bool) -> Any:
        name = self._pick("lot", which)
        yield ConsumeLot(lot_id=name, units=units), ("consume", str(name), units)


@pytest.mark.timeout(900)
@pytest.mark.django_db
def test_ledger_agrees_with_the_oracle(capsys: pytest.CaptureFixture[str]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        LedgerMachine,
        settings=settings(
            max_examples=max(1, STEPS // STEPS_EACH),
            stateful_step_count=STEPS_EACH,
            deadline=None,
            database=None,
            print_blob=True,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        print(f"\nledger machine, steps and rulings: {dict(SEEN)}")  # noqa: T201 - the counts are quoted in the docs
    assert {"ok", "duplicate", "insufficient_funds", "funds_reversible", "hold_not_open"} <= SEEN.keys()
