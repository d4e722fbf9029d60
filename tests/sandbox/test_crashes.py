"""SIGKILL at any moment: what was answered is still there, what was to be told is told, nothing happens twice."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest
import requests

from sandbox.engine.journal import Journal
from tests.sandbox.rig import ACCOUNT, Receiver, Sandbox, eventually

FORM = {"amount": "4200", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}


def test_every_answered_charge_survives_sigkill(own_sandbox: Sandbox) -> None:
    own_sandbox.start()
    answered: dict[str, str] = {}

    def customer(number: int) -> None:
        for turn in range(1000):
            key = f"crash-{number}-{turn}"
            try:
                answered[key] = own_sandbox.post_form("/v1/payment_intents", FORM, key=key).json()["id"]
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):  # cut before or in the answer
                return

    customers = [threading.Thread(target=customer, args=(number,)) for number in range(4)]
    for one in customers:
        one.start()
    eventually(lambda: len(answered) >= 60)
    own_sandbox.kill()
    for one in customers:
        one.join(10)
    own_sandbox.start()

    rows = own_sandbox.control("GET", "book", limit="1000")["rows"]
    booked = [row["key"] for row in rows]
    assert len(booked) == len(set(booked))
    assert set(answered) <= set(booked)
    for key, id_ in list(answered.items())[-5:]:
        again = own_sandbox.post_form("/v1/payment_intents", FORM, key=key)
        assert (again.json()["id"], again.headers["idempotent-replayed"]) == (id_, "true")
    assert len(own_sandbox.control("GET", "book", limit="1000")["rows"]) == len(booked)
    total = own_sandbox.control("GET", "book")["totals"][0]
    balance = own_sandbox.stripe().v1.balance.retrieve()
    assert (total["count"], total["amount"]) == (len(booked), 4_200 * len(booked))
    assert balance.pending[0].amount == total["amount"] - total["fee"]


def test_a_transfer_goes_on_after_sigkill(own_sandbox: Sandbox) -> None:
    own_sandbox.environ = {**own_sandbox.environ, "SANDBOX_ACH_SUBMIT_MS": "700"}
    own_sandbox.start()
    made = own_sandbox.increase().ach_transfers.create(
        account_id=ACCOUNT, amount=900, statement_descriptor="x", account_number="1", routing_number="101050001"
    )
    before = own_sandbox.increase().accounts.balance(ACCOUNT).available_balance

    own_sandbox.kill()
    own_sandbox.start()

    assert own_sandbox.increase().accounts.balance(ACCOUNT).available_balance == before
    eventually(lambda: own_sandbox.increase().ach_transfers.retrieve(made.id).settlement)
    assert [row["operation"] for row in own_sandbox.book(object_id=made.id)] == ["payout"]


def test_webhooks_that_nobody_took_are_sent_after_sigkill(own_sandbox: Sandbox) -> None:
    receiver = Receiver()
    receiver.start()
    receiver.stop()
    own_sandbox.stripe_url = f"http://127.0.0.1:{receiver.port}/stripe"
    own_sandbox.start()
    ids = [own_sandbox.post_form("/v1/payment_intents", FORM, key=f"hook-{n}").json()["id"] for n in range(5)]
    eventually(lambda: own_sandbox.control("GET", "health")["webhooks"]["pending"] == 5)

    own_sandbox.kill()
    own_sandbox.start()
    receiver.start()

    eventually(lambda: own_sandbox.control("GET", "health")["webhooks"]["delivered"] == 5)
    assert [len(receiver.about(id_)) for id_ in ids] == [1, 1, 1, 1, 1]
    receiver.stop()


def test_faults_and_clock_survive(own_sandbox: Sandbox) -> None:
    own_sandbox.start()
    own_sandbox.fault(provider="stripe", operation="charge", fault="error", times=2)
    assert own_sandbox.post_form("/v1/payment_intents", FORM).status_code == 500
    own_sandbox.control("POST", "clock", {"advance_seconds": 1000})

    own_sandbox.kill()
    own_sandbox.start()

    (script,) = own_sandbox.control("GET", "faults")["faults"]
    assert (script["seen"], script["fired"]) == (1, 1)
    assert own_sandbox.control("GET", "clock")["offset_s"] == 1000
    statuses = [own_sandbox.post_form("/v1/payment_intents", FORM).status_code for _ in range(2)]
    assert statuses == [500, 200]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_and_keeps_the_book(own_sandbox: Sandbox, number: int) -> None:
    own_sandbox.start()
    own_sandbox.post_form("/v1/payment_intents", FORM, key="stop")
    assert own_sandbox.process is not None

    own_sandbox.process.send_signal(number)

    assert own_sandbox.process.wait(10) == 0
    assert "Traceback" not in (own_sandbox.data / "log").read_text()
    own_sandbox.start()
    assert len(own_sandbox.book(key="stop")) == 1


def test_two_sandboxes_do_not_share_a_folder(own_sandbox: Sandbox) -> None:
    own_sandbox.start()
    second = Sandbox(data=own_sandbox.data, environ=own_sandbox.environ)

    with pytest.raises(AssertionError, match="is another sandbox running on it"):
        second.start()

    assert own_sandbox.is_up()


def test_a_torn_frame_of_the_journal_is_ignored(tmp_path: Path) -> None:
    journal = Journal(path=tmp_path / "redo")
    journal.append(number=1, statements=[("INSERT", (1, "a", b"x", None, 2.5))])
    journal.append(number=2, statements=[("INSERT", (2,))])
    whole = (tmp_path / "redo").read_bytes()

    for cut in range(len(whole)):
        (tmp_path / "redo").write_bytes(whole[:cut])
        assert [number for number, _ in journal.frames()] in ([], [1])
    (tmp_path / "redo").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert list(journal.frames()) == [(1, [("INSERT", (1, "a", b"x", None, 2.5))])]
    journal.close()
