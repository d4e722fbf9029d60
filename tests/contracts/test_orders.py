"""Every adapter, same suite, real HTTP: what is executed, what is proven, what each fault becomes."""

import pytest

from core.providers import contract
from core.providers.contract import Proof, Stage
from core.providers.models import ProviderCall
from tests.contracts import subjects
from tests.contracts.subjects import Subject
from tests.sandbox.rig import Sandbox, eventually, free_port

pytestmark = pytest.mark.django_db


@pytest.fixture(params=subjects.TELLING)
def keyed(request: pytest.FixtureRequest, sandbox: Sandbox) -> Subject:
    """Return each provider that knows idempotency keys."""
    return subjects.build(code=request.param, sandbox=sandbox)


def outcome(subject: Subject, order: contract.Order) -> contract.Report | None:
    """Ask what became of an order whose answer was lost: with its key only, and patiently."""
    return subject.adapter().status(subjects.query(order))


def test_an_order_is_executed_once_and_repeats_what_is_ours(subject: Subject) -> None:
    order = subject.order()

    report = subject.adapter().submit(order)

    assert report.operation is order.operation
    assert report.amount == order.amount
    assert report.provider_ref
    assert report.key == order.key
    assert report.reference in {order.reference, ""}
    assert report.destination in {order.instrument.get("account_number", "")[-4:], ""}
    assert report.stage in {Stage.ACCEPTED, Stage.SUBMITTED, Stage.SETTLED}
    rows = eventually(lambda: subject.executed(order))
    assert len(rows) == 1
    if order.target is None:
        assert (rows[0]["amount"], rows[0]["currency"].upper()) == (12_345, "USD")


def test_it_settles_and_says_so(subject: Subject) -> None:
    adapter, order = subject.adapter(), subject.order()
    ref = adapter.submit(order).provider_ref

    def settled() -> contract.Report | None:
        report = adapter.status(subjects.query(order, provider_ref=ref))
        return report if report and report.stage is Stage.SETTLED else None

    report = eventually(settled)

    assert (report.amount, report.provider_ref, report.key) == (order.amount, ref, order.key)
    assert len(subject.executed(order)) == 1


def test_the_same_order_again_is_the_same_operation_only_where_keys_are_known(subject: Subject) -> None:
    adapter, order = subject.adapter(), subject.order()

    refs = {adapter.submit(order).provider_ref for _ in range(3)}

    # Where they are not, this is why nothing may be sent again before it was looked for.
    assert len(refs) == (1 if subject.is_idempotent else 3)
    assert len(eventually(lambda: subject.executed(order))) == len(refs)


def test_a_key_that_was_used_for_something_else_is_never_taken_for_done(keyed: Subject) -> None:
    adapter = keyed.adapter()
    adapter.submit(keyed.order(units=12_345))

    with pytest.raises(contract.OutcomeUnknown):
        adapter.submit(keyed.order(units=54_321))

    assert [row["amount"] for row in eventually(lambda: keyed.executed(keyed.order()))] == [12_345]


def test_what_was_never_sent_is_proven_or_left_open(subject: Subject) -> None:
    order = subject.order("never")
    question = subjects.query(order, with_order=False)

    if subject.capability.proof is Proof.LOOKUP_BY_KEY:
        assert subject.adapter().status(question) is None
    else:
        with pytest.raises(contract.OutcomeUnknown):
            subject.adapter().status(question)

    assert subject.executed(order) == []


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "garbage"])
def test_an_answer_that_is_lost_after_execution_is_found_again(subject: Subject, fault: str) -> None:
    order = subject.order(fault)
    subject.fault(fault, order=order)

    with pytest.raises(contract.OutcomeUnknown):
        subject.adapter(limits=subjects.IMPATIENT).submit(order)
    report = outcome(subject, order)

    assert report is not None
    assert (report.amount, report.key) == (order.amount, order.key)
    assert len(eventually(lambda: subject.executed(order))) == 1


@pytest.mark.parametrize("fault", ["timeout_before", "reset_before"])
def test_an_order_that_never_arrived_is_unknown_first_and_then_not_doubled(subject: Subject, fault: str) -> None:
    order = subject.order(fault)
    subject.fault(fault, order=order)

    with pytest.raises(contract.OutcomeUnknown):
        subject.adapter(limits=subjects.IMPATIENT).submit(order)
    report = outcome(subject, order)

    if subject.capability.proof is Proof.LOOKUP_BY_KEY:
        assert report is None
        report = subject.adapter().submit(order)
    assert report is not None
    assert len(eventually(lambda: subject.executed(order))) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_is_unknown(subject: Subject, status: int) -> None:
    order = subject.order(f"e{status}")
    subject.fault("error", status=status, when="before", order=order)

    with pytest.raises(contract.OutcomeUnknown):
        subject.adapter().submit(order)

    assert subject.executed(order) == []


def test_a_server_error_after_execution_is_found_by_the_look_up(subject: Subject) -> None:
    order = subject.order("e500after")
    subject.fault("error", status=500, when="after", order=order)

    with pytest.raises(contract.OutcomeUnknown):
        subject.adapter().submit(order)
    report = outcome(subject, order)

    assert report is not None
    assert (report.amount, report.key) == (order.amount, order.key)
    assert len(eventually(lambda: subject.executed(order))) == 1


def test_being_too_fast_is_not_executed_and_says_when(subject: Subject) -> None:
    order = subject.order("fast")
    subject.fault("rate_limit", retry_after_s=7, order=order)

    with pytest.raises(contract.RateLimited) as caught:
        subject.adapter().submit(order)

    assert caught.value.retry_after_s == (7 if subject.tells_when_to_come_back else 5)
    assert subject.executed(order) == []


def test_nobody_there_means_never_sent(subject: Subject) -> None:
    with pytest.raises(contract.Unavailable) as caught:
        subject.adapter(url=f"http://127.0.0.1:{free_port()}").submit(subject.order())

    assert type(caught.value) is contract.Unavailable
    assert ProviderCall.objects.get().outcome == "unavailable"


def test_a_wrong_key_of_ours_is_not_executed_and_not_the_customers_fault(subject: Subject) -> None:
    order = subject.order("badkey")

    with pytest.raises(contract.Unavailable) as caught:
        subject.adapter(key="sk_test_wrong").submit(order)

    assert caught.value.code == "provider_auth_failed"
    assert subject.executed(order) == []


@pytest.mark.parametrize("fault", ["wrong_amount", "wrong_currency"])
def test_an_answer_about_other_money_shows_it(keyed: Subject, fault: str) -> None:
    order = keyed.order(fault)
    keyed.fault(fault, order=order)

    report = keyed.adapter().submit(order)

    assert report.amount != order.amount


def test_a_slow_answer_is_an_answer(subject: Subject) -> None:
    order = subject.order("slow")
    subject.fault("latency", delay_ms=500, order=order)

    assert subject.adapter().submit(order).amount == order.amount


def test_a_cancel_tells_the_truth(subject: Subject) -> None:
    adapter, order = subject.adapter(), subject.order("cancel")
    ref = adapter.submit(order).provider_ref
    eventually(lambda: _is_settled(adapter, order, ref))

    report = adapter.cancel(subjects.query(order, provider_ref=ref))

    assert (report.stage, report.provider_ref) == (Stage.SETTLED, ref)
    assert len(subject.executed(order)) == 1


def test_asking_to_cancel_what_never_arrived_executes_nothing(subject: Subject) -> None:
    order = subject.order("cancelled")
    subject.fault("reset_before", order=order)
    with pytest.raises(contract.OutcomeUnknown):
        subject.adapter().submit(order)

    with pytest.raises((contract.Rejected, contract.OutcomeUnknown)):
        subject.adapter().cancel(subjects.query(order))

    assert subject.executed(order) == []


def test_reading_while_the_provider_is_ill_is_unavailable_not_unknown(subject: Subject) -> None:
    adapter, order = subject.adapter(), subject.order("ill")
    ref = adapter.submit(order).provider_ref
    subject.sandbox.fault(provider=subject.code, operation="status", fault="error", status=503, times=1)

    with pytest.raises(contract.Unavailable) as caught:
        adapter.status(subjects.query(order, provider_ref=ref))

    assert type(caught.value) is contract.Unavailable


def test_the_probe_is_read_only_and_tells_a_dead_provider(subject: Subject) -> None:
    before = len(subject.sandbox.book())

    subject.adapter().probe()

    assert len(subject.sandbox.book()) == before
    with pytest.raises(contract.Unavailable):
        subject.adapter(url=f"http://127.0.0.1:{free_port()}").probe()
    with pytest.raises(contract.Unavailable):
        subject.adapter(key="sk_test_wrong").probe()


def test_the_call_log_has_no_secret_in_it(subject: Subject) -> None:
    order = subject.order("log")

    subject.adapter().submit(order)

    row = ProviderCall.objects.get(operation=order.operation)
    assert (row.provider, row.operation, row.attempt_key, row.method, row.outcome) == (
        (subject.code, str(order.operation), order.key, "POST", "answered")
    )
    assert row.correlation_id == order.correlation_id
    for secret in ["987654321", "101050001", "Ada Lovelace", "pm_card_visa", "sk_test", "_secret_"]:
        assert secret not in row.request + row.response


def test_the_capabilities_hold_together(subject: Subject) -> None:
    adapter = subject.adapter()

    assert adapter.code == subject.code
    for capability in adapter.capabilities:
        assert 0 < capability.minimum_units <= capability.maximum_units
        assert capability.assets
        assert capability.fee_code
        assert capability.poll_after_s > 0
    assert adapter.quote(subject.order(units=100_00)).fee.units > 0


def _is_settled(adapter: contract.Adapter, order: contract.Order, ref: str) -> bool:
    report = adapter.status(subjects.query(order, provider_ref=ref))
    return report is not None and report.stage is Stage.SETTLED
