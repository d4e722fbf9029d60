"""From accepted to reserved: rules, gates, and the money held or expected, at the price locked when it was accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction as db

from core.identity import customers
from core.identity.customers import CustomerView
from core.kernel import ids
from core.ledger.movements import DEFAULT_LIFETIME, ReleaseHold
from core.orchestration import gates, kinds
from core.orchestration.engine import claims
from core.orchestration.gates import Finding, Party, Subject, Verdict
from core.orchestration.judging import endings, legs
from core.orchestration.kinds import Deed, Instrument
from core.orchestration.models import Transaction
from core.orchestration.states import AT_PROVIDER, State
from core.orchestration.steps import changes, writing
from core.orchestration.steps.changes import Change

ACTOR = "system:engine"
# What the customer reads when a rule of compliance refused him: never which one.
NOT_PERMITTED = "not_permitted"
ACCOUNT_FROZEN = "account_frozen"
RECIPIENT_UNAVAILABLE = "recipient_unavailable"


def admit(transactions: Sequence[Transaction], instruments: Mapping[UUID, Instrument]) -> list[Transaction]:
    """Bring a set to BALANCE_RESERVED, or hold it up, or end it; return those that are reserved.

    Few statements for the whole set: customers, gates, one write; the refused ones are ended in a second write.
    """
    people = customers.get_many({one for txn in transactions for one in (txn.customer_id, txn.counterparty_id) if one})
    pending: list[Change] = []
    held: list[tuple[Subject, Finding]] = []
    subjects = {txn.id: _subject(txn, people, instruments) for txn in transactions if _is_looked_at(txn)}
    findings = gates.review(list(subjects.values()))
    for txn in transactions:
        change = changes.begin(txn)
        pending.append(change)
        if txn.id not in subjects:
            _reserve_nothing(change)
            continue
        subject, finding = subjects[txn.id], findings[txn.id]
        if kinds.of(txn).rules.is_forced:
            if finding.verdict is Verdict.PASS:
                _reserve_nothing(change)
            else:
                # It cannot be refused, for it has happened: a person says whose it is.
                _hold_up(change, finding)
                held.append((subject, finding))
            continue
        problem = _problem(txn, subject)
        if problem or finding.verdict is Verdict.REFUSE:
            endings.end(
                change=change, reason=problem or NOT_PERMITTED, actor=ACTOR, expired=problem == endings.DEADLINE_PASSED
            )
        elif finding.verdict is Verdict.HOLD:
            _hold_up(change, finding)
            held.append((subject, finding))
        else:
            _reserve(change, subject)
    return _write(pending, held)


def _is_looked_at(txn: Transaction) -> bool:
    rules = kinds.of(txn).rules
    return rules.is_screened or not rules.is_forced


def _subject(txn: Transaction, people: Mapping[UUID, CustomerView], instruments: Mapping[UUID, Instrument]) -> Subject:
    instrument = instruments.get(txn.instrument_id) if txn.instrument_id else None
    return Subject(
        transaction_id=txn.id,
        domain=txn.domain,
        kind=txn.kind,
        amount=txn.money,
        customer=_party(people[txn.customer_id]),
        counterparty=_party(people[txn.counterparty_id]) if txn.counterparty_id else None,
        instrument_holder=instrument.holder if instrument else "",
        cleared=frozenset(txn.cleared),
        created_at=txn.created_at,
    )


def _party(view: CustomerView) -> Party:
    return Party(
        customer_id=view.id,
        display_name=view.display_name,
        handle=view.handle,
        country=view.country,
        kyc_level=view.kyc_level,
        status=view.status,
    )


def _problem(txn: Transaction, subject: Subject) -> str:
    """Return why this cannot go on whatever the gates say, or an empty string."""
    if txn.is_overdue:
        return endings.DEADLINE_PASSED
    if subject.customer.status == "frozen":
        return ACCOUNT_FROZEN
    if subject.counterparty is not None and subject.counterparty.status == "frozen":
        return RECIPIENT_UNAVAILABLE
    return ""


def barred(transactions: Sequence[Transaction]) -> dict[UUID, str]:
    """Return which of these may not be sent any more, and the reason to tell.

    A customer was frozen since, or it was to be cancelled, or its time is over, and it is certainly not executed. What
    has happened already is never barred: it is posted as what it is. Nor is what can no longer be taken back: a frozen
    customer's coins still come home.
    """
    asked = [txn for txn in transactions if not kinds.of(txn).rules.is_forced and not legs.is_past_the_pivot(txn)]
    if not asked:
        return {}
    people = customers.get_many({one for txn in asked for one in (txn.customer_id, txn.counterparty_id) if one})
    found: dict[UUID, str] = {}
    for txn in asked:
        if people[txn.customer_id].is_frozen:
            found[txn.id] = ACCOUNT_FROZEN
        elif txn.counterparty_id is not None and people[txn.counterparty_id].is_frozen:
            found[txn.id] = RECIPIENT_UNAVAILABLE
        elif txn.state in AT_PROVIDER and txn.security.get("cancel_requested"):
            found[txn.id] = str(txn.security["cancel_requested"])
        elif txn.state in AT_PROVIDER and txn.is_overdue:
            found[txn.id] = endings.DEADLINE_PASSED
    return found


def _reserve(change: Change, subject: Subject) -> None:
    txn = change.transaction
    blocked = txn.reservation_id
    txn.reservation_id = ids.uuid7()
    txn.security = {**txn.security, "kyc_level": subject.customer.kyc_level}
    deed = kinds.of(txn).reserve(transaction=txn, lifetime=DEFAULT_LIFETIME)
    if blocked is not None:
        deed = Deed(operations=(ReleaseHold(hold_id=blocked, outcome="converted"),)) + deed
    change.post(deed)
    txn.undo = [endings.RESERVED]
    if kinds.of(txn).rules.consumes_limits:
        change.consumes = txn.debit
        txn.undo = [endings.LIMITS, endings.RESERVED]
    change.set_deadline(DEFAULT_LIFETIME)
    change.walk(State.BALANCE_RESERVED, actor=ACTOR)
    change.due_in = 0
    change.keep_lease = True


def _reserve_nothing(change: Change) -> None:
    """It has happened already; walk the same path so that its story reads like any other."""
    change.walk(State.BALANCE_RESERVED, actor=ACTOR, reason=change.transaction.reason)
    change.set_deadline(None)
    change.due_in = 0
    change.keep_lease = True


def _hold_up(change: Change, finding: Finding) -> None:
    """Stop at the gate for a person. Money that would leave is blocked meanwhile, without a deadline."""
    txn = change.transaction
    if txn.reservation_id is None:
        txn.reservation_id = ids.uuid7()
        change.post(kinds.of(txn).block(transaction=txn))
        if change.deed or kinds.of(txn).rules.is_screened:
            txn.undo = [endings.RESERVED]
        else:
            txn.reservation_id = None
    if txn.state != finding.stage:
        change.walk(finding.stage, actor=ACTOR)
    change.set_deadline(None)
    change.due_in = None


def _write(pending: Sequence[Change], held: Sequence[tuple[Subject, Finding]]) -> list[Transaction]:
    if held:
        with db.atomic():
            refused = writing.write(pending)
            gates.open_cases([pair for pair in held if pair[0].transaction_id not in refused])
    else:
        refused = writing.write(pending)
    _end_refused({ref: verdict for ref, verdict in refused.items() if verdict != "stale"})
    return [
        written(change.transaction)
        for change in pending
        if change.transaction.id not in refused and change.transaction.state == State.BALANCE_RESERVED
    ]


def _end_refused(refused: Mapping[UUID, str]) -> None:
    """What the limits or the ledger refused ends here, with their word as the reason and nothing held."""
    if not refused:
        return
    ended = []
    for txn in claims.load(refused):
        change = changes.begin(txn)
        endings.end(change=change, reason=refused[txn.id], actor=ACTOR)
        ended.append(change)
    writing.write(ended)


def written(txn: Transaction) -> Transaction:
    """Note on the instance what the write did to its row, so that the next step can be guarded by it."""
    txn.version += 1
    return txn
