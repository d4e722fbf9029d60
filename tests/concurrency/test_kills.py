"""Processes are killed at random moments while money moves; afterwards every transaction has happened exactly once.

``DIBOAS_LONG=1`` makes it 500 transactions; ``KILL_SEED`` repeats a run's decisions (the moments are the machine's).
"""

from __future__ import annotations

import os
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.kernel import ids
from diboas.runner import ports
from tests.platform import SETTLED, Client, Json, Platform, cents, eventually

pytestmark = pytest.mark.timeout(1800)
LONG = os.environ.get("DIBOAS_LONG") == "1"
TRANSACTIONS = 500 if LONG else 60
VICTIMS = ("worker", "web", "worker", "relay", "beat", "redis", "live", "worker")
OPERATIONS = {"deposit": ("charge", "stripe"), "withdrawal": ("payout", "increase")}
PEOPLE = ("ana", "bruno", "carla")
LEASE_S = 30


@pytest.fixture(autouse=True)
def whole_before_and_after(platform: Platform) -> Iterator[None]:
    """Begin and end with everything up and the pretend providers well behaved."""
    _come_round(platform)
    yield
    platform.control("DELETE", "faults")
    _come_round(platform)


def _come_round(platform: Platform) -> None:
    """Wait until money moves again: web, worker and what wakes it are up."""
    ana = platform.client("ana")
    eventually(lambda: ports.serves(port=platform.port, path="/livez"), timeout_s=90)
    made = ana.create(ana.wish("transfer", "5.00", to="bruno"), patience_s=90)
    eventually(lambda: _is_settled(platform, made), timeout_s=120)


def _is_settled(platform: Platform, row: Json) -> bool:
    sql = "SELECT state FROM orchestration_transaction WHERE id = %s"
    return platform.rows(sql, ids.parse(ids.Prefix.TRANSACTION, row["id"]))[0][0] in SETTLED


class Chaos:
    """Kills a process, or makes Redis forget everything, right after some of the transactions were accepted."""

    def __init__(self, platform: Platform, rng: random.Random) -> None:
        victims = [victim for _ in range(max(1, TRANSACTIONS // 60)) for victim in VICTIMS]
        rng.shuffle(victims)
        moments = sorted(rng.sample(range(3, TRANSACTIONS - 3), len(victims)))
        self.platform, self.strikes, self.done = platform, dict(zip(moments, victims, strict=True)), Counter[str]()

    def after(self, number: int) -> None:
        """Strike if it is time to."""
        victim = self.strikes.get(number, "")
        if victim == "redis":
            self.platform.flush_redis()
            self.done[victim] += 1
        elif victim:
            # Who is only just coming up has nothing to lose: wait until there is somebody to kill.
            eventually(lambda: self.platform.kill(victim), timeout_s=60)
            self.done[victim] += 1


def test_everything_happens_exactly_once_whoever_dies(platform: Platform) -> None:
    seed = int(os.environ.get("KILL_SEED", secrets.randbelow(1_000_000)))
    sys.stdout.write(f"KILL_SEED={seed}\n")
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    people = {name: platform.client(name) for name in PEOPLE}
    before = {name: person.cents()[0] for name, person in people.items()}
    # Answers come late now and then, so that a kill finds what the provider has done and we do not know yet.
    for provider, operation in (("stripe", "charge"), ("increase", "payout")):
        platform.fault(
            provider=provider,
            operation=operation,
            fault="latency",
            when="after",
            delay_ms=700,
            probability=0.4,
            seed=seed,
        )
    wanted = [_wish(rng, people, f"kills-{seed}-{number}") for number in range(TRANSACTIONS)]
    chaos = Chaos(platform, rng)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda number: _ask(*wanted[number], chaos, number), range(TRANSACTIONS)))
    _wait_for_ends(platform, seed, rest_s=LEASE_S * 4)

    sys.stdout.write(f"{TRANSACTIONS} transactions, struck {dict(chaos.done)}\n")
    assert chaos.done == Counter(chaos.strikes.values())
    eventually(lambda: ports.serves(port=platform.port, path="/livez"), timeout_s=90)
    rows = [person.see(row["id"]) for (person, _), row in zip(wanted, made, strict=True)]
    assert len({row["id"] for row in rows}) == TRANSACTIONS
    assert Counter(row["state"] for row in rows) == {"COMPLETED": TRANSACTIONS}
    _the_books_of_both_agree(platform, rows)
    assert {name: person.cents() for name, person in people.items()} == _expected(before, wanted, rows)
    _nothing_is_left(platform)


@pytest.mark.parametrize("kind", ["deposit", "withdrawal"])
def test_a_worker_killed_between_the_providers_acceptance_and_our_commit(platform: Platform, kind: str) -> None:
    ana = platform.client("ana")
    before = ana.cents()[0]
    operation, provider = OPERATIONS[kind]
    platform.fault(provider=provider, operation=operation, fault="latency", when="after", delay_ms=20_000, times=1)
    # Nobody tells: what the provider did must be found out by asking.
    platform.fault(provider=provider, operation="webhook", fault="webhook_drop", times=50)

    made = ana.create(ana.wish(kind, "77.00"))
    key = f"{made['id']}:{operation}:{provider}"
    eventually(lambda: platform.book(key=key), timeout_s=60, pause_s=0.02)
    assert platform.kill("worker")

    # The provider has done it, and all that we have is the intention.
    attempt = platform.rows("SELECT state, provider_ref, stage FROM orchestration_attempt WHERE key = %s", key)
    assert attempt == [("SENT", "", "")]
    assert _entries(platform, made) == 0
    done = ana.settled(made["id"], timeout_s=LEASE_S + 60)

    assert done["state"] == "COMPLETED"
    assert [(row["operation"], row["amount"]) for row in platform.book(key=key)] == [
        (operation, 7700 if kind == "deposit" else cents(done["target"]))
    ]
    assert _entries(platform, made) == (1 if kind == "deposit" else 2) + (kind == "deposit")
    assert ana.cents()[0] == before + (cents(done["target"]) if kind == "deposit" else -7700)
    _nothing_is_left(platform)


def _wish(rng: random.Random, people: dict[str, Client], reference: str) -> tuple[Client, Json]:
    who = people[rng.choice(PEOPLE)]
    kind = rng.choice(["deposit", "withdrawal", "transfer"])
    amount = f"{rng.randint(10, 90)}.{rng.randint(0, 99):02d}"
    to = rng.choice([name for name in PEOPLE if name != who.handle]) if kind == "transfer" else ""
    return who, who.wish(kind, amount, to=to) | {"client_reference": reference}


def _ask(person: Client, body: Json, chaos: Chaos, number: int) -> Json:
    """Ask until somebody answers, always under the same key."""
    own = Client(base_url=person.base_url, api_key=person.api_key, instruments=person.instruments, handle=person.handle)
    made = own.create(body, key=body["client_reference"], patience_s=150)
    chaos.after(number)
    return made


def _wait_for_ends(platform: Platform, seed: int, *, rest_s: float) -> None:
    """Wait until everything of this run has ended, or the time is up."""
    sql = "SELECT count(*) FROM orchestration_transaction WHERE client_reference LIKE %s AND state <> ALL(%s)"
    deadline = time.monotonic() + rest_s
    while platform.rows(sql, f"kills-{seed}-%", list(SETTLED)) != [(0,)] and time.monotonic() < deadline:
        time.sleep(0.5)


def _expected(
    before: dict[str, int], wanted: list[tuple[Client, Json]], rows: list[Json]
) -> dict[str, tuple[int, int, int]]:
    """Work out by hand what everybody must have."""
    total = dict(before)
    for (person, body), row in zip(wanted, rows, strict=True):
        if row["kind"] == "deposit":
            total[person.handle] += cents(row["target"])
        else:
            total[person.handle] -= cents(body["source"])
        if row["kind"] == "transfer":
            total[body["to"]["handle"]] += cents(row["target"])
    return {name: (units, 0, 0) for name, units in total.items()}


def _the_books_of_both_agree(platform: Platform, rows: list[Json]) -> None:
    """One executed effect for every leg of ours, of the right amount, and none that we know nothing of."""
    legs = {
        f"{row['id']}:{':'.join(OPERATIONS[row['kind']])}": cents(
            row["source" if row["kind"] == "deposit" else "target"]
        )
        for row in rows
        if row["kind"] in OPERATIONS
    }
    done = [entry for entry in platform.book() if entry["operation"] in ("charge", "payout")]
    ours = [entry for entry in done if entry["key"] in legs]
    assert {entry["key"]: entry["amount"] for entry in ours} == legs
    assert len(ours) == len(legs)
    # And nothing was executed twice, or that we had not meant to: also not for the tests before this one.
    meant = {key for (key,) in platform.rows("SELECT key FROM orchestration_attempt")}
    assert {entry["key"] for entry in done} <= meant
    assert len(done) == len({entry["key"] for entry in done})


def _nothing_is_left(platform: Platform) -> None:
    """No lease, no schedule, no letter for a person, no unread webhook, no effect; and the books agree."""
    books = platform.manage("verify_books")
    assert "The books agree" in books.stdout, books.stdout + books.stderr
    assert platform.rows("SELECT error, detail FROM orchestration_deadletter") == []
    waiting = (
        "SELECT count(*) FROM orchestration_transaction WHERE due_at IS NOT NULL OR lease_until > clock_timestamp()"
    )
    assert platform.rows(waiting) == [(0,)]
    eventually(
        lambda: (
            platform.rows("SELECT count(*) FROM outbox_effect") == [(0,)]
            and platform.rows("SELECT count(*) FROM webhooks_webhookevent WHERE due_at IS NOT NULL") == [(0,)]
        ),
        timeout_s=90,
        pause_s=0.5,
    )


def _entries(platform: Platform, row: Json) -> int:
    text = row["id"].removeprefix("txn_")
    found = platform.rows("SELECT count(*) FROM ledger_entry WHERE replace(transaction_id::text, '-', '') = %s", text)
    return int(found[0][0])
