"""Money through the whole platform: real processes, real HTTP, the pretend providers beside it.

What the provider's own book says was executed is the judge in every case, not what we wrote down.
"""

from __future__ import annotations

import secrets
import threading

import psycopg
import pytest
import requests

from diboas.runner import ports
from tests.platform import Client, Json, Platform, cents, eventually

pytestmark = pytest.mark.timeout(300)
WEEK_S = 7 * 24 * 3600
ACTING = [("deposit", "stripe", "charge"), ("withdrawal", "increase", "payout")]


@pytest.fixture
def ana(platform: Platform) -> Client:
    return platform.client("ana")


@pytest.fixture
def bruno(platform: Platform) -> Client:
    return platform.client("bruno")


@pytest.fixture
def carla(platform: Platform) -> Client:
    return platform.client("carla")


def executed(platform: Platform, row: Json) -> list[tuple[str, int]]:
    """Return what the provider did for a transaction: operations and cents, oldest first."""
    kind = "charge" if row["kind"] == "deposit" else "payout"
    key = f"{row['id']}:{kind}:{'stripe' if kind == 'charge' else 'increase'}"
    return [(entry["operation"], entry["amount"]) for entry in platform.book(key=key)]


def bank_account(client: Client, number: str) -> str:
    """Add a bank account at the pretend bank whose number says what happens; return its id."""
    body = {"type": "bank_account", "holder": "Test Person", "routing_number": "101050001", "account_number": number}
    answer = client.send("POST", "/instruments", body, key=secrets.token_hex(8))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def card(client: Client, token: str) -> str:
    answer = client.send(
        "POST", "/instruments", {"type": "card", "holder": "Test Person", "token": token}, key=secrets.token_hex(8)
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def webhooks(platform: Platform, row: Json) -> list[tuple[str, str]]:
    """Return the status and result of every webhook about what a transaction executed."""
    sql = """
        SELECT w.status, w.result FROM webhooks_webhookevent w
        JOIN orchestration_attempt a ON a.provider_ref = w.provider_ref AND a.provider = w.provider
        WHERE a.key LIKE %s ORDER BY w.received_at
    """
    return [(str(status), str(result)) for status, result in platform.rows(sql, f"{row['id']}:%")]


def all_read(platform: Platform, row: Json, *, at_least: int) -> list[tuple[str, str]]:
    """Wait until that many webhooks about a transaction came and all of them were worked on."""

    def found() -> list[tuple[str, str]] | None:
        seen = webhooks(platform, row)
        return seen if len(seen) >= at_least and all(status == "processed" for status, _ in seen) else None

    return eventually(found, timeout_s=20)


# ---------------------------------------------------------------------------------------------------- the main job
def test_a_deposit_credits_what_is_left_after_fees(platform: Platform, ana: Client) -> None:
    before = ana.cents()

    done = ana.settled(ana.deposit("100.00")["id"])

    assert (done["status"], done["source"]["amount"], done["target"]["amount"]) == ("completed", "100.00", "96.30")
    assert {name: done["fees"][name]["amount"] for name in ("platform", "provider", "total")} == {
        "platform": "0.50",
        "provider": "3.20",
        "total": "3.70",
    }
    assert ana.cents() == (before[0] + 9630, before[1], before[2])
    assert executed(platform, done) == [("charge", 10_000)]
    assert all_read(platform, done, at_least=1)


def test_a_withdrawal_goes_through_every_state_and_webhooks_carry_it(platform: Platform, ana: Client) -> None:
    before = ana.cents()

    made = ana.withdraw("20.00")
    done = ana.settled(made["id"])

    assert ana.path(made["id"]) == [
        *("INITIATED", "VALIDATING", "KYC_VERIFICATION", "COMPLIANCE_CHECK", "BALANCE_RESERVED"),
        *("SENT_TO_PROVIDER", "PROVIDER_PROCESSING", "BANK_PROCESSING", "CLEARING", "PROVIDER_CONFIRMING", "COMPLETED"),
    ]
    assert (done["source"]["amount"], done["target"]["amount"], done["fees"]["total"]["amount"]) == (
        *("20.00", "18.66", "1.34"),
    )
    assert ana.cents() == (before[0] - 2000, before[1], before[2])
    assert executed(platform, done) == [("payout", 1866)]
    # It is asked about only every two minutes: what settled it in seconds were webhooks.
    assert "applied" in {result for _, result in all_read(platform, done, at_least=2)}


def test_a_transfer_moves_between_two_customers_at_once(platform: Platform, ana: Client, bruno: Client) -> None:
    before = ana.cents()[0], bruno.cents()[0]

    done = ana.settled(ana.transfer("5.00", "bruno")["id"])

    assert (done["status"], done["fees"]["total"]["amount"]) == ("completed", "0.25")
    assert (ana.cents()[0], bruno.cents()[0]) == (before[0] - 500, before[1] + 475)
    seen = bruno.see(done["id"])
    assert seen["target"]["amount"] == "4.75"
    assert "fees" not in seen
    assert "source" not in seen


def test_a_return_days_later_becomes_a_reversal(platform: Platform, ana: Client) -> None:
    before = ana.cents()
    made = ana.withdraw("30.00", instrument=bank_account(ana, "000000009203"))
    done = ana.settled(made["id"])
    assert done["status"] == "completed"
    arrived = cents(done["target"])
    assert ana.cents() == (before[0] - 3000, before[1], before[2])

    platform.control("POST", "clock", {"advance_seconds": WEEK_S})

    parent = ana.until(made["id"], lambda row: row["reversed_amount"] is not None)
    assert cents(parent["reversed_amount"]) == arrived
    assert parent["state"] == "COMPLETED"
    children = [row for row in ana.get("/transactions?kind=reversal")["data"] if row["reverses"] == made["id"]]
    assert len(children) == 1
    assert ana.settled(children[0]["id"])["state"] == "COMPLETED"
    # The fees stay paid; what came back is there again.
    assert ana.cents() == (before[0] - 3000 + arrived, before[1], before[2])
    assert [name for name, _ in executed(platform, done)] == ["payout", "payout_return"]


def test_a_chargeback_takes_the_deposit_back(platform: Platform, carla: Client) -> None:
    before = carla.cents()
    done = carla.settled(carla.deposit("50.00")["id"])
    intent = platform.book(reference=done["id"])[0]["object_id"]

    platform.control("POST", "disputes", {"payment_intent": intent, "reason": "fraudulent"})

    parent = carla.until(done["id"], lambda row: row["reversed_amount"] is not None)
    assert parent["status"] == "reversed"
    child = next(row for row in carla.get("/transactions?kind=reversal")["data"] if row["reverses"] == done["id"])
    assert carla.settled(child["id"])["state"] == "COMPLETED"
    assert carla.cents() == (before[0] + cents(done["target"]) - 5000, before[1], before[2])


def test_a_3_d_secure_deposit_waits_for_the_customer_and_goes_on(platform: Platform, ana: Client) -> None:
    before = ana.cents()
    made = ana.deposit("40.00", instrument=card(ana, "pm_card_threeDSecure2Required"))

    waiting = ana.until(made["id"], lambda row: row["status"] == "requires_action")
    assert executed(platform, waiting) == []
    assert ana.cents()[0] == before[0]
    answer = requests.post(
        waiting["next_action"]["url"], data={"outcome": "success"}, timeout=10, allow_redirects=False
    )
    assert answer.status_code < 400, answer.text

    done = ana.settled(made["id"])
    assert done["state"] == "COMPLETED"
    assert done["next_action"] is None
    assert executed(platform, done) == [("charge", 4000)]
    assert ana.cents() == (before[0] + cents(done["target"]), before[1], before[2])


def test_a_3_d_secure_deposit_that_the_customer_cancels_charges_nothing(platform: Platform, ana: Client) -> None:
    before = ana.cents()
    made = ana.deposit("41.00", instrument=card(ana, "pm_card_authenticationRequired"))
    waiting = ana.until(made["id"], lambda row: row["status"] == "requires_action" or row["state"] == "FAILED")
    if waiting["state"] != "FAILED":
        answer = ana.send("POST", f"/transactions/{made['id']}/cancel", key=secrets.token_hex(8))
        assert answer.status_code == 200, answer.text

    done = ana.settled(made["id"])

    assert done["state"] == "FAILED"
    assert executed(platform, done) == []
    assert ana.cents() == before


# ------------------------------------------------------------------------------------------------- idempotency
def test_one_key_creates_one_transaction(platform: Platform, ana: Client) -> None:
    key, body = secrets.token_hex(8), ana.wish("transfer", "5.00", to="bruno")
    first = ana.send("POST", "/banking/transactions", body, key=key)
    ana.settled(first.json()["id"])

    again = ana.send("POST", "/banking/transactions", body, key=key)
    other = ana.send("POST", "/banking/transactions", body | {"source": {"amount": "6.00", "asset": "USD"}}, key=key)
    without = ana.send("POST", "/banking/transactions", body)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_required")


def test_a_key_in_use_answers_409_until_the_first_is_done(platform: Platform, ana: Client) -> None:
    key, body = secrets.token_hex(8), ana.wish("transfer", "5.00", to="bruno")
    answers: list[requests.Response] = []
    senders = [threading.Thread(target=lambda: answers.append(_once(ana, body, key))) for _ in range(2)]
    with psycopg.connect(platform.database_url) as blocker:
        # Whoever comes first stands in front of the table while it holds the key.
        blocker.execute("LOCK TABLE orchestration_transaction IN EXCLUSIVE MODE")
        for sender in senders:
            sender.start()
        eventually(lambda: answers, timeout_s=9)
    for sender in senders:
        sender.join(20)

    refused, made = answers
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_in_progress")
    assert int(refused.headers["Retry-After"]) >= 1
    assert made.status_code == 201
    assert ana.settled(made.json()["id"])["state"] == "COMPLETED"
    assert ana.send("POST", "/banking/transactions", body, key=key).headers["Idempotency-Replayed"] == "true"


# ---------------------------------------------------------------------------------------------------- bad luck
def test_a_declined_card_fails_with_the_reason_and_expects_nothing(platform: Platform, ana: Client) -> None:
    before = ana.cents()

    done = ana.settled(ana.deposit("911.02")["id"])

    assert (done["state"], done["reason"]) == ("FAILED", "card_insufficient_funds")
    assert ana.cents() == before
    assert executed(platform, done) == []


def test_a_payout_that_the_bank_rejects_frees_the_money(platform: Platform, ana: Client) -> None:
    before = ana.cents()
    account = bank_account(ana, "000000009201")

    done = ana.settled(ana.withdraw("25.00", instrument=account)["id"])

    assert done["state"] in ("FAILED", "COMPENSATED")
    assert ana.cents() == before


def test_providers_that_are_gone_are_tried_and_given_up(platform: Platform, ana: Client) -> None:
    before, gone = ana.cents(), threading.Event()
    keeper = threading.Thread(target=_keep_down, args=(platform, "sandbox", gone))
    keeper.start()
    try:
        eventually(lambda: not ports.answers(port=platform.port + 2), timeout_s=10)
        made = [ana.deposit("33.00"), ana.withdraw("33.00")]
        done = [ana.settled(row["id"], timeout_s=60) for row in made]
    finally:
        gone.set()
        keeper.join()
        eventually(lambda: ports.serves(port=platform.port + 2, path="/_control/health"), timeout_s=60)
        platform.close_breakers()

    assert {row["state"] for row in done} <= {"FAILED", "EXPIRED"}
    assert [executed(platform, row) for row in done] == [[], []]
    assert ana.cents() == before


@pytest.mark.parametrize(("kind", "provider", "operation"), ACTING)
def test_silence_after_acting_is_asked_about_and_applied_once(
    platform: Platform, ana: Client, kind: str, provider: str, operation: str
) -> None:
    before = ana.cents()
    platform.fault(provider=provider, operation=operation, fault="timeout_after", times=1, delay_ms=400)
    platform.fault(provider=provider, operation="webhook", fault="webhook_drop", times=1)

    done = ana.settled(ana.create(ana.wish(kind, "34.00"))["id"], timeout_s=60)

    moved = cents(done["target"]) if kind == "deposit" else -3400
    assert done["state"] == "COMPLETED"
    assert len(executed(platform, done)) == 1
    assert ana.cents() == (before[0] + moved, before[1], before[2])
    entries = platform.rows("SELECT count(*) FROM ledger_entry WHERE key = %s", f"{_uuid(done)}:{kind}")
    assert entries == [(1,)]


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "webhook_duplicate", "copies": 3},
        {"fault": "webhook_reorder", "delay_ms": 700},
        {"fault": "webhook_corrupt", "how": "body"},
        {"fault": "webhook_corrupt", "how": "signature"},
        {"fault": "webhook_corrupt", "how": "stale"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_bad_webhooks_change_nothing(platform: Platform, ana: Client, fault: Json) -> None:
    before = ana.cents()
    for provider in ("increase", "stripe"):
        platform.fault(provider=provider, operation="webhook", times=3, **fault)

    out, into = ana.withdraw("10.00"), ana.deposit("10.00")
    gone, came = ana.settled(out["id"]), ana.settled(into["id"])

    assert (gone["state"], came["state"]) == ("COMPLETED", "COMPLETED")
    assert executed(platform, gone) == [("payout", cents(gone["target"]))]
    assert executed(platform, came) == [("charge", 1000)]
    assert all_read(platform, gone, at_least=2)
    assert ana.cents() == (before[0] - 1000 + cents(came["target"]), before[1], before[2])


def test_webhooks_sent_again_and_shuffled_change_nothing(platform: Platform, ana: Client) -> None:
    done = [ana.settled(ana.withdraw("11.00")["id"]), ana.settled(ana.deposit("11.00")["id"])]
    for row in done:
        all_read(platform, row, at_least=1)
    before, versions = ana.cents(), [row["version"] for row in done]

    for provider in ("increase", "stripe"):
        platform.control("POST", "webhooks", {"provider": provider, "times": 2, "shuffle_seed": 7})
    eventually(lambda: platform.control("GET", "health")["webhooks"].get("pending", 0) == 0 or None, timeout_s=30)

    assert ana.cents() == before
    assert [ana.see(row["id"])["version"] for row in done] == versions


# ---------------------------------------------------------------------------------------------------------- live
def test_the_feed_is_numbered_without_gaps_and_resumes(platform: Platform, ana: Client) -> None:
    with ana.live() as feed:
        feed.subscribe("transactions")
        first = ana.settled(ana.deposit("12.00")["id"])
        feed.wait_for(lambda frame: frame["type"] == "event" and _says(frame, first["id"], "COMPLETED"), timeout_s=15)
        position = feed.position("transactions")
    second = ana.settled(ana.transfer("5.00", "bruno")["id"])

    with ana.live() as feed:
        feed.subscribe("transactions", resume=position)
        feed.wait_for(lambda frame: frame["type"] == "event" and _says(frame, second["id"], "COMPLETED"), timeout_s=15)
        third = ana.settled(ana.withdraw("12.00")["id"])
        feed.wait_for(lambda frame: frame["type"] == "event" and _says(frame, third["id"], "COMPLETED"), timeout_s=15)
        numbers = [frame["seq"] for frame in feed.events("transactions")]
        steps = [frame["data"]["to"] for frame in feed.events("transactions") if _about(frame, third["id"])]

    assert position is not None
    assert numbers == list(range(position["seq"] + 1, position["seq"] + 1 + len(numbers)))
    assert [step for step in steps if step] == ana.path(third["id"])


def test_the_customer_is_told_of_every_status(platform: Platform, ana: Client) -> None:
    done = ana.settled(ana.deposit("13.00")["id"])

    def told() -> list[Json]:
        return [row for row in ana.get("/notifications?limit=50")["data"] if done["id"] in str(row)]

    assert eventually(told, timeout_s=20)


def test_afterwards_the_books_agree_and_nobody_has_to_look(platform: Platform) -> None:
    books = platform.manage("verify_books")

    assert "The books agree" in books.stdout, books.stdout + books.stderr
    assert platform.rows("SELECT source, error, detail FROM orchestration_deadletter") == []
    audit = platform.manage("verify_audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr


def _keep_down(platform: Platform, role: str, until: threading.Event) -> None:
    """Kill a role as often as the supervisor starts it."""
    while not until.wait(0.05):
        platform.kill(role)


def _says(frame: Json, transaction_id: str, state: str) -> bool:
    return _about(frame, transaction_id) and frame["data"].get("to") == state


def _about(frame: Json, transaction_id: str) -> bool:
    return transaction_id in str(frame["data"])


def _uuid(row: Json) -> str:
    text = row["id"].removeprefix("txn_")
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _once(client: Client, body: Json, key: str) -> requests.Response:
    """Send as this customer on a connection of its own: a session is not for two threads."""
    headers = {"Authorization": f"Bearer {client.api_key}", "Idempotency-Key": key}
    url = f"{client.base_url}/api/v1/banking/transactions"
    return requests.post(url, json=body, headers=headers, timeout=30)
