"""Every way in which a provider can misbehave, times what we ask of it: real adapters, engine and inbox, real sandbox.

Each cell ends completed once, without effect and with the money free, undone, or in front of a person with the money
held. What was executed is counted in the provider's own book.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from core.audit import books
from core.identity.customers import CustomerView
from core.orchestration.models import DeadLetter, Transaction
from core.orchestration.states import SETTLED
from core.providers import registry, states
from core.providers.transport import http
from core.resilience import breaker
from core.resilience.models import BreakerState
from core.webhooks import drain as webhooks
from tests.contracts import subjects
from tests.core.orchestration import world
from tests.databases import Clone
from tests.sandbox import rig
from tests.sandbox.rig import Receiver, Sandbox

pytestmark = pytest.mark.timeout(300)
LIMITS = http.Limits(connect_s=1, read_s=0.8, total_s=1.5)
SILENCE_MS = 1_200
OPENING = 100_000
UNITS = 5_000
KINDS = {"deposit": ("stripe", "charge"), "withdrawal": ("increase", "payout")}
Json = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One fault and how it must end, for a deposit and for a withdrawal. None: it cannot happen there."""

    name: str
    fault: Json
    deposit: str | None = "completed"
    withdrawal: str | None = "completed"
    times: int | None = 1
    operation: str = field(default="")

    def ending(self, kind: str) -> str | None:
        return self.deposit if kind == "deposit" else self.withdrawal


CELLS = (
    Cell("latency", {"fault": "latency", "delay_ms": 200}),
    Cell("latency-beyond-patience", {"fault": "latency", "delay_ms": SILENCE_MS, "when": "after"}),
    Cell("error-before", {"fault": "error", "status": 500, "when": "before"}),
    Cell("unavailable-before", {"fault": "error", "status": 503, "when": "before"}),
    # Stripe replays the stored 500 for ever and its search finds nothing, which proves nothing: a person has to look.
    Cell("error-during", {"fault": "error", "status": 500, "when": "during"}, deposit="parked"),
    Cell("error-after", {"fault": "error", "status": 500, "when": "after"}),
    Cell("bad-gateway-after", {"fault": "error", "status": 502, "when": "after"}),
    Cell("too-fast", {"fault": "rate_limit", "retry_after_s": 1}),
    Cell("too-fast-for-ever", {"fault": "rate_limit", "retry_after_s": 1}, "failed", "failed", times=None),
    Cell("timeout-before", {"fault": "timeout_before", "delay_ms": SILENCE_MS}),
    Cell("timeout-after", {"fault": "timeout_after", "delay_ms": SILENCE_MS}),
    Cell("reset-before", {"fault": "reset_before"}),
    Cell("reset-after", {"fault": "reset_after"}),
    Cell("garbage-before", {"fault": "garbage", "when": "before"}),
    Cell("garbage-after", {"fault": "garbage", "when": "after"}),
    Cell("silent-for-ever", {"fault": "reset_before"}, "parked", "parked", times=None, operation="*"),
    Cell("refused", {"fault": "refuse"}, "failed", "undone"),
    Cell("wrong-amount", {"fault": "wrong_amount"}, "quarantined", "quarantined"),
    Cell("wrong-currency", {"fault": "wrong_currency"}, "quarantined", None),
    Cell("never-settles", {"fault": "never_settle"}, "waiting", "waiting"),
    Cell("returned", {"fault": "return", "delay_ms": 50}, None, "reversed"),
    Cell("disputed", {"fault": "dispute", "delay_ms": 50}, "reversed", None),
    Cell("webhook-doubled", {"fault": "webhook_duplicate", "copies": 3}, times=3, operation="webhook"),
    Cell("webhook-lost", {"fault": "webhook_drop"}, times=9, operation="webhook"),
    Cell("webhook-late", {"fault": "webhook_delay", "delay_ms": 400}, times=3, operation="webhook"),
    Cell("webhook-overtaken", {"fault": "webhook_reorder", "delay_ms": 300}, times=1, operation="webhook"),
    Cell("webhook-body-changed", {"fault": "webhook_corrupt", "how": "body"}, operation="webhook"),
    Cell("webhook-signature-wrong", {"fault": "webhook_corrupt", "how": "signature"}, operation="webhook"),
    Cell("webhook-stale", {"fault": "webhook_corrupt", "how": "stale"}, operation="webhook"),
)
MATRIX = [
    pytest.param(cell, kind, id=f"{kind}-{cell.name}")
    for cell in CELLS
    for kind in KINDS
    if cell.ending(kind) is not None
]


@dataclass
class Scene:
    """One customer, one transaction, one misbehaving provider."""

    sandbox: Sandbox
    receiver: Receiver
    kind: str
    ana: CustomerView
    started: UUID | None = None
    delivered: int = 0

    def start(self) -> UUID:
        by = world.card(self.ana) if self.kind == "deposit" else world.bank(self.ana)
        self.delivered = len(self.receiver.got)
        self.started = world.start(self.ana, world.wish(self.kind, "50.00", by=by))
        return self.started

    def play(self, made: UUID, *, turns: int) -> None:
        """Let time pass: webhooks come in, schedules fall due, breakers close again, until nothing is left to do."""
        calm = 0
        for _ in range(turns):
            self.deliver()
            world.work()
            calm = calm + 1 if self._is_calm(made) else 0
            if calm > 2:
                return
            time.sleep(0.12)
            if world.see(made).due_at is not None:
                _let_a_while_pass(made)

    def deliver(self) -> None:
        """Hand what the provider posted to our door, as it came, and work it off."""
        fresh, self.delivered = self.receiver.got[self.delivered :], len(self.receiver.got)
        for got in fresh:
            headers = {name: value for name, value in got.headers.items() if name not in ("host", "content-length")}
            answer = Client().post(
                f"/webhooks/{got.path.strip('/')}", got.body, content_type="application/json", headers=headers
            )
            assert answer.status_code in (200, 400), answer.content
        with connection.cursor() as cursor:
            cursor.execute("UPDATE webhooks_webhookevent SET due_at = clock_timestamp() WHERE due_at IS NOT NULL")
        webhooks.run()

    def executed(self) -> list[tuple[str, int]]:
        """Return what the provider's book has for this transaction."""
        assert self.started is not None
        provider, operation = KINDS[self.kind]
        key = f"{world.see(self.started).public_id}:{operation}:{provider}"
        return [(row["operation"], row["amount"]) for row in self.sandbox.book(provider=provider, key=key)]

    def _is_calm(self, made: UUID) -> bool:
        row = world.see(made)
        children = Transaction.objects.filter(parent_id=made).exclude(state__in=SETTLED).exists()
        return (row.state in SETTLED or row.due_at is None) and not children


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Sandbox]:
    base = f"http://127.0.0.1:{receiver.port}"
    made = Sandbox(
        data=tmp_path_factory.mktemp("matrix"),
        environ=rig.environ(),
        stripe_url=f"{base}/stripe",
        increase_url=f"{base}/increase",
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture
def scene(kind: str, sandbox: Sandbox, receiver: Receiver, committed_db: Clone, own_memory: None) -> Iterator[Scene]:
    adapters = [make(url=sandbox.url, limits=LIMITS) for make in (subjects.stripe, subjects.increase)]
    with registry.replaced(*adapters):
        ana = world.customer("ana", units=OPENING)
        world.cover()
        yield Scene(sandbox=sandbox, receiver=receiver, kind=kind, ana=ana)
    sandbox.control("DELETE", "faults")


@pytest.mark.parametrize(("cell", "kind"), MATRIX)
def test_a_cell_of_the_matrix_ends_as_it_must(scene: Scene, cell: Cell, kind: str) -> None:
    provider, operation = KINDS[kind]
    scene.sandbox.fault(
        **{"provider": provider, "operation": cell.operation or operation, "times": cell.times, **cell.fault}
    )

    made = scene.start()
    scene.play(made, turns=_TURNS.get(str(cell.ending(kind)), 25))

    assert scene.sandbox.control("GET", "faults")["faults"][0]["fired"] >= 1
    _ENDINGS[str(cell.ending(kind))](scene, made)
    assert [str(one) for one in books.run()] == []


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_provider_that_is_not_there_is_given_up_and_the_money_is_free(scene: Scene, kind: str) -> None:
    nowhere = f"http://127.0.0.1:{rig.free_port()}"
    adapters = [make(url=nowhere, limits=LIMITS) for make in (subjects.stripe, subjects.increase)]
    with registry.replaced(*adapters):
        made = scene.start()
        scene.play(made, turns=25)

    _failed(scene, made)
    assert len(world.attempts(made)) == 1
    assert [str(one) for one in books.run()] == []


def _completed(scene: Scene, made: UUID) -> None:
    row = world.see(made)
    assert row.state == "COMPLETED", (row.state, row.reason, _letters())
    assert scene.executed() == [(KINDS[scene.kind][1], _moved(row))]
    assert world.figures(scene.ana) == (OPENING + _gain(row), 0, 0)
    assert _letters() == []


def _failed(scene: Scene, made: UUID) -> None:
    row = world.see(made)
    assert row.state == "FAILED", (row.state, row.reason, _letters())
    assert row.reason
    assert scene.executed() == []
    assert world.figures(scene.ana) == (OPENING, 0, 0)
    assert _letters() == []


def _undone(scene: Scene, made: UUID) -> None:
    """The bank took it and gave it back: our own books say so too, and the customer has what he had."""
    row = world.see(made)
    assert row.state in {"FAILED", "COMPENSATED"}, (row.state, row.reason, _letters())
    assert {name for name, _ in scene.executed()} <= {"payout", "payout_rejection"}
    assert world.figures(scene.ana) == (OPENING, 0, 0)
    assert world.system("ext:increase:in_transit") == 0
    assert _letters() == []


def _parked(scene: Scene, made: UUID) -> None:
    """Nobody knows what happened: nothing is given back, nothing is posted, and a person is told."""
    row = world.see(made)
    assert row.state not in SETTLED, (row.state, row.reason)
    assert len(_letters()) == 1, _letters()
    assert scene.executed() == []
    _money_is_kept(scene, row)


def _quarantined(scene: Scene, made: UUID) -> None:
    """The provider did something else than it was asked: nothing is posted, it gets no more work, a person is told."""
    row = world.see(made)
    assert row.state not in SETTLED, (row.state, row.reason)
    assert row.reason in {"amount_mismatch", "asset_mismatch"}
    assert {source for source, _ in _letters()} == {"integrity"}
    assert len(scene.executed()) == 1
    assert states.current()[KINDS[scene.kind][0]] is not states.Mode.ENABLED
    _money_is_kept(scene, row)


def _waiting(scene: Scene, made: UUID) -> None:
    """It is with the provider; we keep asking, and once it settles the transaction completes."""
    row = world.see(made)
    assert row.state not in SETTLED, (row.state, row.reason)
    assert row.due_at is not None
    assert _letters() == []
    _money_is_kept(scene, row)
    (attempt,) = world.attempts(made)
    if scene.kind == "deposit":
        scene.sandbox.control("POST", "payments", {"payment_intent": attempt.provider_ref, "outcome": "succeeded"})
    else:
        scene.sandbox.increase().simulations.ach_transfers.submit(attempt.provider_ref)
    scene.play(made, turns=25)
    _completed(scene, made)


def _reversed(scene: Scene, made: UUID) -> None:
    rig.eventually(lambda: len(scene.executed()) == 2)
    scene.play(made, turns=15)
    row = world.see(made)
    back = Transaction.objects.filter(parent_id=made)
    taken = _moved(row)
    assert [name for name, _ in scene.executed()] == [KINDS[scene.kind][1], _TAKEN_BACK[scene.kind]]
    if row.state == "COMPLETED":
        assert [(child.state, int(child.units)) for child in back] == [("COMPLETED", taken)]
        gain = _gain(row) + (-taken if scene.kind == "deposit" else taken)
        assert world.figures(scene.ana) == (OPENING + gain, 0, 0)
    else:
        # It came back before we had heard that it was settled.
        assert (row.state, back.count()) == ("COMPENSATED", 0)
        assert world.figures(scene.ana) == (OPENING, 0, 0)
    assert _letters() == []


# What a person must look at is never calm: it is asked about for ever. Twelve questions are enough to call him.
_TURNS = {"parked": 20, "waiting": 8}
_TAKEN_BACK = {"deposit": "dispute", "withdrawal": "payout_return"}
_ENDINGS = {
    "completed": _completed,
    "failed": _failed,
    "undone": _undone,
    "parked": _parked,
    "quarantined": _quarantined,
    "waiting": _waiting,
    "reversed": _reversed,
}


def _money_is_kept(scene: Scene, row: Transaction) -> None:
    if scene.kind == "deposit":
        assert world.figures(scene.ana) == (OPENING, 0, int(row.receive_units or 0))
    else:
        assert world.figures(scene.ana) == (OPENING, UNITS, 0)


def _moved(row: Transaction) -> int:
    """Return what the provider is to move: the card is charged the whole debit, the bank pays what arrives."""
    return int((row.debit_units if row.kind == "deposit" else row.receive_units) or 0)


def _gain(row: Transaction) -> int:
    return int(row.receive_units or 0) if row.kind == "deposit" else -UNITS


def _letters() -> list[tuple[str, str]]:
    return list(DeadLetter.objects.filter(state="OPEN").order_by("id").values_list("source", "error"))


def _let_a_while_pass(transaction_id: UUID) -> None:
    """Move everything stored that depends on time, as two minutes would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orchestration_attempt SET sent_at = sent_at - interval '2 minutes' WHERE transaction_id = %s",
            [transaction_id],
        )
    world.due_now(transaction_id)
    for name in BreakerState.objects.exclude(state="closed").values_list("name", flat=True):
        breaker.Breaker(name).force_closed(actor="test", reason="A minute is over.")
        breaker.Breaker(name).auto(actor="test", reason="A minute is over.")
