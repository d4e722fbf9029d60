"""A hold-up becomes a case; a person decides it, once, with a reason."""

import pytest
from django.db import DatabaseError, connection, transaction

from core.audit.models import AuditRecord
from core.compliance import cases, models
from core.kernel import errors, ids
from core.ledger import queries
from core.orchestration import gates
from core.orchestration.engine import claims, drain
from core.orchestration.hands import holdups
from tests.core.compliance import scenes
from tests.core.identity import people

pytestmark = pytest.mark.django_db


def state(transaction_id):
    return str(claims.get(transaction_id).state)


def decide(case, decision, reason="Checked the passport by hand."):
    return cases.decide(case_id=case.id, decision=decision, reason=reason, actor="staff:7")


def the_case(transaction_id):
    (case,) = cases.for_transaction(transaction_id)
    return case


def test_held_up_transaction_has_a_case_with_the_evidence():
    transaction_id = scenes.held_transfer()

    case = the_case(transaction_id)

    assert state(transaction_id) == "COMPLIANCE_CHECK"
    assert (case.kind, case.stage, case.rule, case.status) == (
        "compliance",
        "COMPLIANCE_CHECK",
        "name_screening",
        "open",
    )
    assert case.evidence["hits"][0]["role"] == "counterparty"
    assert (case.decided_by, case.reason, case.decided_at) == ("", "", None)


def test_unidentified_customer_opens_a_case_of_identification():
    transaction_id = scenes.send_money(sender=people.make_customer(kyc_level=0), recipient=people.make_customer())

    assert state(transaction_id) == "KYC_VERIFICATION"
    assert the_case(transaction_id).kind == "kyc"


def test_approved_transaction_goes_on_to_its_end():
    transaction_id = scenes.held_transfer()

    decided = decide(the_case(transaction_id), cases.Decision.APPROVE)
    drain.drain(domain="banking")

    assert state(transaction_id) == "COMPLETED"
    assert (decided.status, decided.decided_by, decided.reason) == (
        "approved",
        "staff:7",
        "Checked the passport by hand.",
    )
    assert decided.decided_at is not None
    assert len(cases.for_transaction(transaction_id)) == 1


def test_refused_transaction_ends_and_the_money_is_free_again():
    transaction_id = scenes.held_transfer()
    sender = claims.get(transaction_id).customer_id

    decided = decide(the_case(transaction_id), cases.Decision.REFUSE, "It is him.")
    drain.drain(domain="banking")

    assert (state(transaction_id), decided.status) == ("FAILED", "refused")
    (balance,) = [one for one in queries.balances(customer_id=sender) if one.kind == "customer"]
    assert (balance.posted.text, balance.held.text) == ("1000.00", "0.00")


def test_decision_is_audited_with_actor_and_reason():
    transaction_id = scenes.held_transfer()

    case = decide(the_case(transaction_id), cases.Decision.REFUSE, "It is him.")

    record = AuditRecord.objects.get(target=ids.render(ids.Prefix.CASE, case.id))
    assert (record.actor, record.action, record.reason) == ("staff:7", "compliance.case_refuse", "It is him.")
    assert record.before == {"status": "open"}
    assert record.after["status"] == "refused"


def test_customer_reads_nothing_of_the_rule_or_the_reason():
    transaction_id = scenes.held_transfer()
    decide(the_case(transaction_id), cases.Decision.REFUSE, "It is him.")

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(row_to_json(e)::text, ' ') FROM orchestration_event e WHERE transaction_id = %s",
            [transaction_id],
        )
        (events,) = cursor.fetchone()
        cursor.execute("SELECT row_to_json(t)::text FROM orchestration_transaction t WHERE id = %s", [transaction_id])
        (told,) = cursor.fetchone()

    for secret in ("screening", "name_", "It is him", "Quimera", "decided_by_review"):
        assert secret not in events
        assert secret not in told


@pytest.mark.parametrize("reason", ["", "   "])
def test_decision_needs_a_reason(reason):
    transaction_id = scenes.held_transfer()

    with pytest.raises(errors.InvalidInput) as refused:
        decide(the_case(transaction_id), cases.Decision.APPROVE, reason)

    assert refused.value.code == "reason_required"
    assert (the_case(transaction_id).status, state(transaction_id)) == ("open", "COMPLIANCE_CHECK")


def test_case_is_decided_once():
    case = the_case(scenes.held_transfer())
    decide(case, cases.Decision.APPROVE)

    with pytest.raises(cases.CaseDecided):
        decide(case, cases.Decision.REFUSE)

    assert cases.get(case.id).status == "approved"


def test_unknown_case_does_not_exist():
    with pytest.raises(cases.CaseNotFound):
        cases.decide(case_id=ids.uuid7(), decision=cases.Decision.APPROVE, reason="x", actor="staff:7")


def test_second_hold_up_of_one_transaction_opens_no_second_case():
    first = scenes.subject()
    finding = gates.Finding(verdict=gates.Verdict.HOLD, code="large_withdrawal", evidence={"n": 1})

    cases.open_many([(first, finding), (scenes.subject(), finding)])
    cases.open_many([(first, finding)])

    assert models.Case.objects.count() == 2


def test_case_of_a_transaction_that_ended_otherwise_is_closed():
    transaction_id, waiting = scenes.held_transfer(), scenes.held_transfer()
    holdups.refuse(transaction_id=transaction_id, actor="staff:7", reason="")

    assert cases.close_moot(limit=10) == 1

    assert state(transaction_id) == "FAILED"
    assert (the_case(transaction_id).status, the_case(transaction_id).decided_by) == ("closed", "system:compliance")
    assert the_case(waiting).status == "open"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE compliance_case SET evidence = '{}'",
        "UPDATE compliance_case SET status = 'open', decided_by = '', reason = '', decided_at = NULL",
        "UPDATE compliance_case SET reason = 'changed afterwards'",
        "DELETE FROM compliance_case",
        "TRUNCATE compliance_case",
    ],
)
def test_decided_case_cannot_be_changed(statement):
    case = decide(the_case(scenes.held_transfer()), cases.Decision.APPROVE)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert cases.get(case.id) == case
