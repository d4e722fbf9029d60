"""One whole run: money for everybody in peace, traffic under strikes, peace again, and the reckoning."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from diboas.runner import ports
from tests.chaos.machine import Machine, patiently
from tests.chaos.reckoning import SETTLED, Reckoning
from tests.chaos.strikes import Strikes
from tests.chaos.traffic import Traffic
from tests.chaos.wishes import COINS, DOLLARS, Wish
from tests.platform import Platform

# A worker that died holds its claim for so long, several legs may wait for one each, and gas for cheaper blocks.
REST_S = 300.0
FIRST_USDC = "2500.00"
_OPEN = """
    SELECT t.id::text, t.kind, t.state, t.leg, t.due_at IS NULL, t.reason FROM orchestration_transaction t
     WHERE t.state <> ALL(%s)
"""
_LETTERS = """
    SELECT d.source, d.category, d.error, d.state, coalesce(t.kind, ''), coalesce(t.state, ''),
           coalesce(t.id::text, ''), d.detail
      FROM orchestration_deadletter d LEFT JOIN orchestration_transaction t ON t.id = d.transaction_id
"""
_ENDINGS = "SELECT kind, state, reason, count(*) FROM orchestration_transaction GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a run is to be: the seed decides what is asked for and what strikes; moments are the machine's."""

    seed: int
    transactions: int
    seconds: float
    lanes: int = 6
    pause_s: tuple[float, float] = (0.6, 2.4)
    only: str = ""  # of the strikes with this in their names
    calm: bool = False  # nothing strikes: what the comparisons say of an undisturbed run


@dataclass(slots=True)
class Outcome:
    """How a run ended."""

    problems: list[str] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    asked: int = 0


def run(platform: Platform, order: Order, *, say: Callable[[str], None] | None = None) -> Outcome:
    """Do it all; what is off is in the outcome's problems."""
    say = say or say_it
    say(f"seed {order.seed}")
    machine = Machine(platform)
    chain = machine.chain()
    traffic = Traffic(
        platform=platform,
        seed=order.seed,
        most=order.transactions,
        seconds=order.seconds,
        with_chain=chain is not None,
    )
    _settle_in(platform, traffic)
    strikes = Strikes(
        machine=machine,
        rng=random.Random(f"{order.seed}:strikes"),  # noqa: S311 - repeatable on purpose
        pause_s=order.pause_s,
        only=order.only,
    )
    started = time.monotonic()
    if not order.calm:
        strikes.start()
    try:
        traffic.run(lanes=order.lanes)
    finally:
        strikes.stop()
    say(f"asked {len(traffic.asked)} times in {time.monotonic() - started:.0f} s: {_sorted(traffic.told())}")
    say(f"struck {sum(strikes.done.values())} times: {_sorted(strikes.done)}")
    outcome = Outcome(struck=strikes.done, asked=len(traffic.asked), problems=[*traffic.problems, *strikes.problems])
    try:
        outcome.problems += _peace(platform, say)
        outcome.problems += _reckon(platform, machine, traffic, say)
    finally:
        strikes.leave()
    if outcome.problems:
        say("\n".join(strikes.log))
    return outcome


def _settle_in(platform: Platform, traffic: Traffic) -> None:
    """Wait for the first prices, then buy everybody the dollars that go on the chain."""
    ana = platform.client("ana")
    assert patiently(lambda: not ana.get("/market/prices?symbols=BTC")["data"][0]["stale"], timeout_s=60)
    for name in traffic.names:
        person = platform.client(name)
        body = {
            "kind": "buy",
            "source": {**DOLLARS, "amount": FIRST_USDC},
            "target": COINS["USDC"],
            "client_reference": f"chaos-{traffic.seed}-first-{name}",
        }
        wish = Wish(person=name, kind="buy", body=body, reference=str(body["client_reference"]))
        asked = traffic.ask(wish, person)
        assert asked.id, asked
        traffic.asked.append(asked)
        assert person.settled(asked.id, timeout_s=60)["state"] == "COMPLETED"


def _peace(platform: Platform, say: Callable[[str], None]) -> list[str]:
    """Put everything right and wait until all has ended, or lies in front of a person; return what does neither."""
    started = time.monotonic()
    problems = []
    if not patiently(lambda: _is_well(platform), timeout_s=120):
        problems.append("the platform does not come up again")
    patiently(lambda: _close(platform), timeout_s=60)
    if not patiently(lambda: not _moving(platform), timeout_s=REST_S, pause_s=0.5):
        problems += [f"still moving: {row}" for row in _moving(platform)]
    quiet = {
        "effects": "SELECT count(*) FROM outbox_effect",
        "webhooks": "SELECT count(*) FROM webhooks_webhookevent WHERE due_at IS NOT NULL",
        "chain operations": "SELECT count(*) FROM chains_operation WHERE state NOT IN ('final', 'reverted')",
    }
    for what, sql in quiet.items():
        if not patiently(lambda sql=sql: platform.rows(sql) == [(0,)], timeout_s=60):  # type: ignore[misc]
            problems.append(f"{what} are left: {platform.rows(sql)}")
    say(f"at rest after {time.monotonic() - started:.0f} s")
    return problems


def _is_well(platform: Platform) -> bool:
    """Providers behave, and the doors are open."""
    platform.control("DELETE", "faults")
    return ports.serves(port=platform.port, path="/livez") and bool(platform.rows("SELECT 1"))


def _close(platform: Platform) -> bool:
    platform.close_breakers()
    return True


def _moving(platform: Platform) -> list[tuple[object, ...]]:
    """Return what is not over and will be looked at again; what lies in front of a person has no schedule."""
    return [row for row in platform.rows(_OPEN, SETTLED) if not row[4]]


def _reckon(platform: Platform, machine: Machine, traffic: Traffic, say: Callable[[str], None]) -> list[str]:
    say("endings: " + ", ".join(f"{k} {s} {r or '-'} {n}" for k, s, r, n in platform.rows(_ENDINGS)))
    parked = [row for row in platform.rows(_OPEN, SETTLED) if row[4]]
    letters = platform.rows(_LETTERS)
    say(f"parked {len(parked)}: {parked}")
    say(f"dead letters {len(letters)}: {letters}")
    reckoning = Reckoning(platform=platform, chain=machine.chain(), asked=traffic.asked, env=platform.told())
    found = reckoning.problems()
    say("\n".join(f"  {name}: {figure}" for name, figure in reckoning.figures.items()))
    return found


def _sorted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def say_it(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
