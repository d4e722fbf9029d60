"""Our webhooks as the official libraries judge them, sent to a real HTTP server."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest
import standardwebhooks
import stripe

from sandbox.webhooks import signing
from tests.sandbox.rig import ACCOUNT, INCREASE_SECRETS, STRIPE_SECRETS, Got, Receiver, Sandbox, eventually

INCREASE_KEYS = [one.replace(",", "") for one in INCREASE_SECRETS]
FORM = {"amount": "4200", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}


def types_of(gots: list[Got]) -> list[str]:
    return [str(json.loads(got.body)["type"]) for got in gots]


def charge(sandbox: Sandbox, **more: str) -> str:
    return str(sandbox.post_form("/v1/payment_intents", {**FORM, **more}).json()["id"])


def pay(sandbox: Sandbox) -> str:
    made = sandbox.increase().ach_transfers.create(
        account_id=ACCOUNT, amount=900, statement_descriptor="hook", account_number="1", routing_number="101050001"
    )
    return made.id


def delivered(sandbox: Sandbox, object_id: str) -> list[dict[str, Any]]:
    shown = sandbox.control("GET", "webhooks", object_id=object_id)["deliveries"]
    return [one for one in shown if one["state"] == "delivered"]


def test_signatures_match_the_published_vectors() -> None:
    stripe_body = (
        b'{"id":"evt_test_1","object":"event","api_version":"2026-10-28.endive","created":1700000000,'
        b'"type":"payment_intent.succeeded","livemode":false,"data":{"object":{"id":"pi_test_1","object":'
        b'"payment_intent","amount":10000,"currency":"usd","status":"succeeded"}}}'
    )
    increase_body = (
        b'{"associated_object_id":"ach_transfer_uoxatyh3lt5evrsdvo7q","associated_object_type":"ach_transfer",'
        b'"category":"ach_transfer.updated","created_at":"2020-01-31T23:59:59Z","id":"event_001dzz0r20rzr4zrhrr1364hy80",'
        b'"type":"event"}'
    )

    by_stripe = signing.stripe(body=stripe_body, secrets=["whsec_test_secret"], at=1_700_000_000)
    by_standard = signing.standard(
        id="msg_1", body=increase_body, secrets=["test_webhook_secret_value"], at=1_700_000_000
    )

    assert by_stripe == {
        "Stripe-Signature": "t=1700000000,v1=60c814e45fb71d8c85d4cf7fc2ef460d77ebf914ae8e11d4402cee68c140dd65"
    }
    assert by_standard == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1,RLf45MSqXktWMUbQnsHE7JMme/v62bVlVdLu9mWEirc=",
    }


def test_stripes_library_accepts_our_events_under_both_secrets(sandbox: Sandbox, receiver: Receiver) -> None:
    id_ = charge(sandbox, **{"metadata[reference]": "txn_42"})

    (got,) = eventually(lambda: receiver.about(id_))

    assert got.path == "/stripe"
    for secret in STRIPE_SECRETS:
        event = stripe.Webhook.construct_event(got.body, got.headers["stripe-signature"], secret)
        assert (event.type, event.data.object["id"]) == ("payment_intent.succeeded", id_)
        assert event.data.object["metadata"]["reference"] == "txn_42"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(got.body + b" ", got.headers["stripe-signature"], STRIPE_SECRETS[0])
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(got.body, got.headers["stripe-signature"], "whsec_other")


def test_standard_webhooks_accepts_our_events_under_both_secrets(sandbox: Sandbox, receiver: Receiver) -> None:
    id_ = pay(sandbox)

    gots = eventually(lambda: len(found := receiver.about(id_)) == 3 and found)

    for key in INCREASE_KEYS:
        for got in gots:
            event = standardwebhooks.Webhook(key.encode()).verify(got.body, got.headers)
            assert event["associated_object_id"] == id_
            assert event["id"] == got.headers["webhook-id"]
    assert [json.loads(got.body)["category"] for got in gots] == [
        "ach_transfer.created",
        "ach_transfer.updated",
        "ach_transfer.updated",
    ]
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(b"another secret").verify(gots[0].body, gots[0].headers)
    unwrapped = sandbox.increase().events.unwrap(
        gots[0].body.decode(), headers=gots[0].headers, key=INCREASE_KEYS[0].encode()
    )
    assert unwrapped.associated_object_id == id_


def test_a_refused_webhook_is_sent_again_in_order_with_a_fresh_time(sandbox: Sandbox, receiver: Receiver) -> None:
    refused: list[bytes] = []

    def answer(got: Got) -> int:
        if b"hard to please" in got.body and len(refused) < 3:
            refused.append(got.body)
            return 500
        return 200

    receiver.answer = answer
    id_ = charge(sandbox, description="hard to please", payment_method="pm_card_threeDSecure2Required")
    sandbox.stripe().v1.payment_intents.cancel(id_)

    eventually(lambda: len(delivered(sandbox, id_)) == 2)

    assert types_of(receiver.about(id_)) == ["payment_intent.requires_action"] * 4 + ["payment_intent.canceled"]
    last = receiver.about(id_)[3]
    stripe.Webhook.construct_event(last.body, last.headers["stripe-signature"], STRIPE_SECRETS[0])


def test_duplicates_come_twice_with_one_id(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.fault(provider="stripe", operation="webhook", fault="webhook_duplicate", copies=3, times=1)

    id_ = charge(sandbox)

    gots = eventually(lambda: len(found := receiver.about(id_)) == 3 and found)
    assert len({json.loads(got.body)["id"] for got in gots}) == 1


def test_a_dropped_webhook_never_comes_but_the_event_is_there(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.fault(
        provider="stripe", operation="webhook", fault="webhook_drop", event="payment_intent.succeeded", times=1
    )

    id_ = charge(sandbox)
    other = charge(sandbox)

    eventually(lambda: receiver.about(other))
    assert receiver.about(id_) == []
    events = sandbox.stripe().v1.events.list(params={"type": "payment_intent.succeeded", "limit": 5}).data
    assert id_ in [event.data.object["id"] for event in events]
    assert sandbox.control("POST", "webhooks", {"provider": "stripe", "object_id": id_}) == {"queued": 1}
    eventually(lambda: receiver.about(id_))


@pytest.mark.parametrize("how", ["body", "signature", "stale"])
def test_a_corrupt_webhook_does_not_verify_and_the_retry_does(sandbox: Sandbox, receiver: Receiver, how: str) -> None:
    def judge(got: Got) -> int:
        try:
            stripe.Webhook.construct_event(got.body, got.headers["stripe-signature"], STRIPE_SECRETS[0])
        except stripe.SignatureVerificationError:
            return 400
        return 200

    receiver.answer = lambda got: judge(got) if got.path == "/stripe" else 200
    sandbox.fault(provider="stripe", operation="webhook", fault="webhook_corrupt", how=how, times=1)

    id_ = charge(sandbox)

    eventually(lambda: delivered(sandbox, id_))
    bad, good = [got for got in receiver.got if id_.encode() in got.body]
    assert (judge(bad), judge(good)) == (400, 200)
    assert (bad.body == good.body) == (how != "body")


def test_a_late_webhook_lets_the_next_one_pass(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.fault(provider="increase", operation="webhook", fault="webhook_reorder", delay_ms=400, times=1)

    id_ = pay(sandbox)

    gots = eventually(lambda: len(found := receiver.about(id_)) == 3 and found)
    assert [json.loads(got.body)["category"] for got in gots][-1] == "ach_transfer.created"


def test_a_delayed_webhook_keeps_its_place(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.fault(provider="increase", operation="payout", fault="webhook_delay", delay_ms=300, times=1)
    started = time.monotonic()

    id_ = pay(sandbox)

    gots = eventually(lambda: len(found := receiver.about(id_)) == 3 and found)
    assert time.monotonic() - started >= 0.3
    assert json.loads(gots[0].body)["category"] == "ach_transfer.created"


def test_everything_can_be_sent_again_shuffled(sandbox: Sandbox, receiver: Receiver) -> None:
    id_ = pay(sandbox)
    eventually(lambda: len(delivered(sandbox, id_)) == 3)

    queued = sandbox.control(
        "POST", "webhooks", {"provider": "increase", "object_id": id_, "times": 2, "shuffle_seed": 7}
    )

    assert queued == {"queued": 6}
    gots = eventually(lambda: len(found := receiver.about(id_)) == 9 and found)
    assert set(Counter(json.loads(got.body)["id"] for got in gots).values()) == {3}


def test_a_subscription_of_increase_is_told_what_it_chose(sandbox: Sandbox, receiver: Receiver) -> None:
    client = sandbox.increase()
    made = client.event_subscriptions.create(
        url=f"http://127.0.0.1:{receiver.port}/subscribed",
        shared_secret="chosen by the subscriber",
        selected_event_categories=[{"event_category": "transaction.created"}],
    )

    entry = client.ach_transfers.retrieve(pay(sandbox)).transaction_id
    assert entry is not None

    (got,) = eventually(lambda: receiver.about(entry))
    assert got.path == "/subscribed"
    standardwebhooks.Webhook(b"chosen by the subscriber").verify(got.body, got.headers)
    client.event_subscriptions.update(made.id, status="disabled")
    later = client.ach_transfers.retrieve(pay(sandbox)).transaction_id
    assert later is not None
    last = pay(sandbox)
    eventually(lambda: len(delivered(sandbox, last)) == 3)
    assert receiver.about(later) == []
