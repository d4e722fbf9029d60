"""The ledger beside its yardstick: place a hold, pin it, capture it with an entry of four lines.

Measured from Python, so encoding and JSON are in it. ``python -m bench.ledger`` prints medians of interleaved rounds.
Needs: DATABASE_URL naming a migrated database that may be filled, never one that matters.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "diboas.settings.dev")
django.setup()  # models can be imported only after this

from django.db import connection  # noqa: E402

from bench import yardstick  # noqa: E402
from core.kernel import ids  # noqa: E402
from core.ledger import accounts, posting  # noqa: E402
from core.ledger.accounts import AccountRef  # noqa: E402
from core.ledger.movements import CaptureHold, Entry, Line, Movement, PinHold, PlaceHold  # noqa: E402

SET: Final = yardstick.SET
UNITS: Final = 100
FUNDS: Final = 10**15
WARM_UP: Final = 0.1
_BANK: Final = accounts.external("increase", "in_transit", "USD")
_FEES: Final = (accounts.fee("platform", "USD"), accounts.fee("provider", "USD"))
_EQUITY: Final = accounts.system("equity", "USD")
_Drawn = list[tuple[AccountRef, UUID, UUID]]


def prepare(*, how_many: int) -> list[UUID]:
    """Return this many new customers, each with more dollars than any run spends."""
    customers = [ids.uuid7() for _ in range(how_many)]
    for start in range(0, how_many, 500):
        posting.post(movements=[_grant(one) for one in customers[start : start + 500]])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE ledger_balance")
        cursor.execute("VACUUM ANALYZE ledger_account")
    return customers


def run(*, customers: Sequence[UUID], seconds: float, clients: int, size: int = SET) -> float:
    """Return the ledger's lifecycles per second with ``clients`` processes, each working in sets of ``size``."""
    command = [sys.executable, "-m", "bench.ledger", "--worker", "--seconds", str(seconds), "--size", str(size)]
    document = json.dumps([one.hex for one in customers])
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(clients)
    ]
    for worker in workers:
        if worker.stdin:
            worker.stdin.write(document)
            worker.stdin.close()
    return sum(_rate(worker) for worker in workers)


def _rate(worker: subprocess.Popen[str]) -> float:
    with worker:
        said = worker.stdout.read() if worker.stdout else ""
    if worker.returncode:
        raise yardstick.NotMeasured("a worker of the ledger's benchmark failed; its words are above")
    return float(said)


def _work(*, customers: Sequence[UUID], seconds: float, size: int) -> float:
    """Run lifecycles in this process until the time is up, after warming up."""
    refs = [accounts.customer(one, "banking", "USD") for one in customers]
    _until(lambda: lifecycles(random.choices(refs, k=size)), seconds=seconds * WARM_UP)
    started = time.monotonic()
    sets = _until(lambda: lifecycles(random.choices(refs, k=size)), seconds=seconds)
    return sets * size / (time.monotonic() - started)


def _until(step: Callable[[], None], *, seconds: float) -> int:
    done, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        step()
        done += 1
    return done


def lifecycles(refs: Sequence[AccountRef]) -> None:
    """Hold, pin, capture and post one payment on each account: three calls, a verdict for each payment in each.

    Raises: NotMeasured if one is refused.
    """
    drawn = [(ref, ids.uuid7(), ids.uuid7()) for ref in refs]
    for step in (_reserve(drawn), _send(drawn), _settle(drawn)):
        refused = [verdict for verdict in posting.post(movements=step).values() if not verdict.is_ok]
        if refused:
            raise yardstick.NotMeasured(f"the ledger refused: {refused[0]}")


def _reserve(drawn: _Drawn) -> list[Movement]:
    holds = [(txn, PlaceHold(hold_id=hold, account=ref, units=UNITS, leaves=True)) for ref, txn, hold in drawn]
    return [Movement(ref=txn, transaction_id=txn, operations=(hold,)) for txn, hold in holds]


def _send(drawn: _Drawn) -> list[Movement]:
    return [Movement(ref=txn, transaction_id=txn, operations=(PinHold(hold_id=hold),)) for _, txn, hold in drawn]


def _settle(drawn: _Drawn) -> list[Movement]:
    return [
        Movement(
            ref=txn,
            transaction_id=txn,
            entries=(_entry(ref, txn),),
            operations=(CaptureHold(hold_id=hold, units=UNITS),),
        )
        for ref, txn, hold in drawn
    ]


def _entry(ref: AccountRef, txn: UUID) -> Entry:
    lines = (
        Line(account=ref, units=-UNITS),
        Line(account=_BANK, units=UNITS - 10),
        Line(account=_FEES[0], units=5),
        Line(account=_FEES[1], units=5),
    )
    return Entry(key=f"{txn.hex}:settle", kind="bench", lines=lines)


def _grant(customer_id: UUID) -> Movement:
    account = accounts.customer(customer_id, "banking", "USD")
    lines = (Line(account=account, units=FUNDS), Line(account=_EQUITY, units=-FUNDS))
    return Movement(ref=ids.uuid7(), entries=(Entry(key=f"bench:{customer_id.hex}", kind="grant", lines=lines),))


def _rounds(*, rounds: int, seconds: float) -> None:
    url = os.environ["DATABASE_URL"]
    yardstick.setup(url=url)
    customers = prepare(how_many=yardstick.SPREAD)
    whole = round(seconds)
    measures: dict[str, Callable[[], float]] = {
        "c3, spread": lambda: yardstick.run_c3(url=url, seconds=whole),
        "d50, spread": lambda: yardstick.run_d50(url=url, seconds=whole),
        "d50, one account": lambda: yardstick.run_d50(url=url, seconds=whole, accounts=yardstick.HOT),
        "ledger, one at a time": lambda: run(customers=customers, seconds=seconds, clients=4, size=1),
        "ledger, sets, spread": lambda: run(customers=customers, seconds=seconds, clients=2),
        "ledger, sets, one account": lambda: run(customers=customers[:1], seconds=seconds, clients=2),
    }
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(rounds):
        for name, measure in measures.items():
            taken[name].append(measure())
            print(f"round {number + 1}, {name}: {taken[name][-1]:.0f} lifecycles/s", file=sys.stderr)
    _print({name: statistics.median(values) for name, values in taken.items()})
    yardstick.teardown(url=url)


def _print(median: dict[str, float]) -> None:
    for name, value in median.items():
        print(f"{name:28} {value:8.0f} lifecycles/s")
    print(f"{'sets against d50':28} {median['ledger, sets, spread'] / median['d50, spread']:8.0%}")
    print(f"{'one at a time against c3':28} {median['ledger, one at a time'] / median['c3, spread']:8.0%}")
    hot, spread = median["ledger, sets, one account"], median["ledger, sets, spread"]
    print(f"{'one account against spread':28} {hot / spread:8.0%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--size", type=int, default=SET)
    parser.add_argument("--worker", action="store_true", help="one process of a measure: customers come on stdin")
    asked = parser.parse_args()
    if asked.worker:
        customers = [UUID(one) for one in json.load(sys.stdin)]
        print(_work(customers=customers, seconds=asked.seconds, size=asked.size))
    else:
        _rounds(rounds=asked.rounds, seconds=asked.seconds)


if __name__ == "__main__":
    main()
