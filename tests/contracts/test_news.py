"""Every adapter, same suite: the webhooks that a real process signs and sends."""

import dataclasses

import pytest

from core.providers import contract
from core.providers.contract import Delivery, News, Stage
from tests.contracts import subjects
from tests.contracts.subjects import Subject
from tests.sandbox.rig import Got, Receiver, Sandbox, eventually


@pytest.fixture(params=subjects.TELLING)
def subject(request: pytest.FixtureRequest, sandbox: Sandbox) -> Subject:
    """Return each provider that tells by webhook."""
    return subjects.build(code=request.param, sandbox=sandbox)


pytestmark = pytest.mark.django_db


def delivery(got: Got) -> Delivery:
    return Delivery(body=got.body, headers=got.headers)


def about(receiver: Receiver, ref: str) -> list[Got]:
    return eventually(lambda: receiver.about(ref))


def current(subject: Subject, news: News) -> contract.Report | None:
    """Return what the news says, asking where it is thin."""
    if news.query is not None:
        return subject.adapter().status(news.query)
    return news.report


def settled(subject: Subject, receiver: Receiver, ref: str) -> tuple[Got, contract.Report]:
    """Wait for the news that the operation is settled."""

    def found() -> tuple[Got, contract.Report] | None:
        for got in receiver.about(ref):
            for news in subject.adapter().parse_webhook(delivery(got)):
                report = current(subject, news)
                if report is not None and report.stage is Stage.SETTLED:
                    return got, report
        return None

    result: tuple[Got, contract.Report] = eventually(found)
    return result


def test_news_of_settlement_comes_and_names_the_operation(subject: Subject, receiver: Receiver) -> None:
    order = subject.order("news")
    ref = subject.adapter().submit(order).provider_ref

    _, report = settled(subject, receiver, ref)

    assert (report.provider_ref, report.key, report.amount) == (ref, order.key, order.amount)


def test_the_same_news_twice_has_the_same_event_id(subject: Subject, receiver: Receiver) -> None:
    order = subject.order("twice")
    subject.sandbox.fault(provider=subject.code, operation="webhook", fault="webhook_duplicate", copies=3, times=20)
    ref = subject.adapter().submit(order).provider_ref

    got = eventually(lambda: receiver.about(ref) if len(receiver.about(ref)) >= 3 else None)

    ids = [news.event_id for one in got for news in subject.adapter().parse_webhook(delivery(one))]
    assert len(set(ids)) < len(ids)
    assert all(ids)


@pytest.mark.parametrize("how", ["body", "signature", "stale"])
def test_corrupt_news_is_refused(subject: Subject, receiver: Receiver, how: str) -> None:
    order = subject.order(f"corrupt{how}")
    adapter = subject.adapter()
    refused: list[str] = []

    def answer(got: Got) -> int:
        try:
            adapter.parse_webhook(delivery(got))
        except contract.SignatureInvalid as error:
            refused.append(error.code)
            return 400
        return 200

    receiver.answer = answer
    subject.sandbox.fault(provider=subject.code, operation="webhook", fault="webhook_corrupt", how=how)
    try:
        adapter.submit(order)
        eventually(lambda: refused)
    finally:
        subject.sandbox.control("DELETE", "faults")
        receiver.answer = lambda _got: 200

    assert refused[0] in {"signature_invalid", "signature_too_old", "webhook_malformed"}


def test_every_byte_and_every_header_counts(subject: Subject, receiver: Receiver) -> None:
    adapter = subject.adapter()
    ref = adapter.submit(subject.order("bytes")).provider_ref
    good = delivery(about(receiver, ref)[0])

    assert adapter.parse_webhook(good)
    for position in range(0, len(good.body), 7):
        flipped = bytes([good.body[position] ^ 1])
        changed = good.body[:position] + flipped + good.body[position + 1 :]
        with pytest.raises(contract.SignatureInvalid):
            adapter.parse_webhook(dataclasses.replace(good, body=changed))
    for name in [name for name in good.headers if "signature" in name or name.startswith("webhook-")]:
        kept = {key: value for key, value in good.headers.items() if key != name}
        for headers in (kept, {**good.headers, name: ""}, {**good.headers, name: "t=1,v1=00 v1,AA== ,"}):
            with pytest.raises(contract.SignatureInvalid):
                adapter.parse_webhook(dataclasses.replace(good, headers=headers))


def test_what_lies_in_our_inbox_is_read_without_its_signature(subject: Subject, receiver: Receiver) -> None:
    adapter = subject.adapter()
    ref = adapter.submit(subject.order("inbox")).provider_ref
    good = delivery(about(receiver, ref)[0])

    again = adapter.parse_webhook(Delivery(body=good.body, headers={}, verified=True))

    assert again == adapter.parse_webhook(good)


def test_malformed_news_is_refused_even_when_verified(subject: Subject) -> None:
    for body in (b"", b"[]", b"{}", b'{"id":1}', b"\xff", b'{"id":"x\\u0000","type":"a","category":"a"}'):
        with pytest.raises(contract.SignatureInvalid):
            subject.adapter().parse_webhook(Delivery(body=body, headers={}, verified=True))


def test_the_order_of_reading_does_not_matter_for_what_is_known(subject: Subject, receiver: Receiver) -> None:
    order = subject.order("order")
    adapter = subject.adapter()
    ref = adapter.submit(order).provider_ref
    settled(subject, receiver, ref)

    stages = {
        report.stage
        for got in reversed(receiver.about(ref))
        for news in adapter.parse_webhook(delivery(got))
        if (report := current(subject, news)) is not None
    }

    assert Stage.SETTLED in stages
    assert stages <= {Stage.ACCEPTED, Stage.SUBMITTED, Stage.SETTLED}


def test_the_questions_of_thin_news_need_no_order(subject: Subject, receiver: Receiver) -> None:
    ref = subject.adapter().submit(subject.order("thin")).provider_ref

    for got in about(receiver, ref):
        for news in subject.adapter().parse_webhook(delivery(got)):
            assert (news.report is None) or (news.query is None)
            if news.query is not None:
                assert (news.query.provider_ref, news.query.order) == (ref, None)
                report = subject.adapter().status(news.query)
                assert report is not None
                assert report.provider_ref == ref


def test_a_question_by_id_for_what_is_not_there_is_not_answered(subject: Subject) -> None:
    question = subjects.query(subject.order("nothere"), provider_ref="nothing_like_this")

    with pytest.raises((contract.OutcomeUnknown, contract.Unavailable)):
        subject.adapter().status(question)
