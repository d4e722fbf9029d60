"""The demo's story: money in, across and out, and a little bad luck, each told in one row of a table."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

from diboas.demo import contracts, trades
from diboas.demo.client import Customer, Sandbox, Unexpected
from diboas.demo.stage import Body, Stage, Told
from diboas.runner.live_client import LiveClient


def run(*, facts: Body, increase_key: str) -> Told:
    """Play all scenes in order; return what happened and what was off."""
    people = {each["handle"]: each for each in facts["customers"]}
    ana, bruno, dora, eva = (_customer(facts, people[name]) for name in ("ana", "bruno", "dora", "eva"))
    ticket = ana.post("/ws-tickets", {})
    told = Told()
    with LiveClient(url=ticket["url"], ticket=ticket["ticket"]) as live:
        for channel in ("transactions", "balances", "notifications"):
            live.subscribe(channel)
        sandbox = Sandbox(url=facts["sandbox_url"], increase_key=increase_key)
        stage = Stage(told=told, ana=ana, bruno=bruno, dora=dora, eva=eva, sandbox=sandbox, live=live)
        stage.chain, stage.no_chain = facts.get("chain"), str(facts.get("no_chain") or "")
        for scene in SCENES:
            try:
                scene(stage)
            except (Unexpected, TimeoutError, KeyError) as error:
                told.problems.append(f"{scene.__name__}: {error!r}")
    return told


def deposit(stage: Stage) -> None:
    """100 USD by card become 96.30 of balance, at the price that was quoted."""
    before = Decimal(stage.ana.available())
    quote = stage.ana.post("/quotes", {"domain": "banking", **_deposit(stage, "100.00")})
    done = stage.move("deposit by card (Stripe)", {"quote_id": quote["id"]}, status="completed")
    stage.told.check("deposit: fees as quoted", found=done["fees"]["total"], wanted=quote["fees"]["total"])
    gained = Decimal(stage.ana.available()) - before
    stage.told.check("deposit: balance", found=gained, wanted=Decimal(quote["receive"]["amount"]))
    stage.executed_once("deposit", done, "charge")


def transfer(stage: Stage) -> None:
    """5 USD reach @bruno, 0.25 are our fee."""
    before = Decimal(stage.bruno.available())
    body = {"kind": "transfer", "target": {"amount": "5.00", "asset": "USD"}, "to": {"handle": "@bruno"}}
    done = stage.move("transfer to @bruno", body, status="completed")
    gained = Decimal(stage.bruno.available()) - before
    stage.told.check("transfer: recipient", found=gained, wanted=Decimal("5.00"))
    seen = stage.bruno.get(f"/transactions/{done['id']}")
    stage.told.check("transfer: recipient's view", found=seen["direction"], wanted="incoming")


def withdrawal_and_return(stage: Stage) -> None:
    """20 USD go to the bank account; later the bank sends them back, which becomes a reversal."""
    done = stage.move("withdrawal by ACH (Increase)", _withdrawal(stage, "20.00"), status="completed")
    stage.executed_once("withdrawal", done, "payout")
    before = Decimal(stage.ana.available())
    transfer_id = stage.ana.get(f"/transactions/{done['id']}/explain")["attempts"][0]["provider_reference"]
    started = time.monotonic()
    stage.sandbox.increase(f"/simulations/ach_transfers/{transfer_id}/return", {"reason": "no_account"})
    shown = stage.ana.wait(done["id"], wanted=("reversed",))
    took = f"{(time.monotonic() - started) * 1000:.0f}"
    stage.told.row(
        "  returned days later by the bank", shown["status"], shown["reversed_amount"]["amount"], "", took, ""
    )
    _until(lambda: Decimal(stage.ana.available()) - before == Decimal(shown["reversed_amount"]["amount"]))
    gained = Decimal(stage.ana.available()) - before
    stage.told.check("return: balance", found=gained, wanted=Decimal(shown["target"]["amount"]))


def declined(stage: Stage) -> None:
    """A declined card ends FAILED with the reason, and nothing is expected any more."""
    card = stage.ana.post(
        "/instruments", {"type": "card", "token": "pm_card_chargeDeclined", "holder": "Ana", "label": "Declined"}
    )
    body = {**_deposit(stage, "50.00"), "instrument_id": card["id"]}
    stage.move("deposit with a declined card", body, status="failed", reason="card_declined")
    incoming = stage.ana.get("/wallet")["totals"]["incoming"]["amount"]
    stage.told.check("declined: incoming", found=incoming, wanted="0.00")


def silent_after_acting(stage: Stage) -> None:
    """The bank takes the order and says nothing: it is asked, and the outcome is applied once."""
    stage.sandbox.break_once(provider="increase", operation="payout", fault="reset_after")
    done = stage.move(
        "withdrawal, the bank silent after acting",
        _withdrawal(stage, "30.00"),
        status="completed",
        remark="asked, once",
    )
    stage.executed_once("silent after acting", done, "payout")


def down_for_a_moment(stage: Stage) -> None:
    """The provider refuses the first try: it is tried again."""
    stage.sandbox.break_once(provider="stripe", operation="charge", fault="rate_limit", retry_after_s=1)
    done = stage.move(
        "deposit, Stripe too busy at first", _deposit(stage, "25.00"), status="completed", remark="tried again"
    )
    stage.executed_once("down for a moment", done, "charge")


def reversible_money_stays(stage: Stage) -> None:
    """A customer whom we hardly know pays in by card; what can be charged back may not leave."""
    card = stage.dora.instruments["card"]
    made = stage.dora.post("/banking/transactions", {**_deposit(stage, "40.00"), "instrument_id": card})
    stage.dora.wait(made["id"])
    everything = stage.dora.available()
    body = {"kind": "transfer", "source": {"amount": everything, "asset": "USD"}, "to": {"handle": "@ana"}}
    refused = stage.dora.post("/banking/transactions", body, expect=422)
    stage.told.row("transfer of all, part of it by card today", "422", everything, "", "", refused["code"])
    stage.told.check("reversible money", found=refused["code"], wanted="funds_reversible")


def rubbish(stage: Stage) -> None:
    """Bad input names the field, and nothing is written."""
    before = stage.ana.get("/transactions?limit=1")["data"][0]["id"]
    for amount, code in (("1e3", "invalid_amount"), ("1.001", "too_many_decimals"), ("1.00", "amount_below_minimum")):
        body = {"kind": "transfer", "source": {"amount": amount, "asset": "USD"}, "to": {"handle": "@bruno"}}
        status = 422 if code == "amount_below_minimum" else 400
        problem = stage.ana.post("/banking/transactions", body, expect=status)
        stage.told.row(f"transfer of {amount!r}", str(status), "", "", "", problem["code"])
        stage.told.check("rubbish: code", found=problem["code"], wanted=code)
        stage.told.check("rubbish: field", found=problem["errors"][0]["pointer"], wanted="/source/amount")
    stage.told.check(
        "rubbish: nothing written", found=stage.ana.get("/transactions?limit=1")["data"][0]["id"], wanted=before
    )


def live_feed(stage: Stage) -> None:
    """The socket saw every step of all this, numbered without a gap, and the notices."""
    last = stage.ana.get("/transactions?limit=1")["data"][0]["id"]
    stage.live.wait_for(
        lambda frame: (
            frame["type"] == "event"
            and frame["channel"] == "transactions"
            and frame["data"].get("transaction_id") == last
            and frame["data"].get("status") in ("completed", "failed")
        )
    )
    for channel in ("transactions", "balances", "notifications"):
        numbers = [frame["seq"] for frame in stage.live.events(channel)]
        gapless = bool(numbers) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        stage.told.row(
            f"live feed: {channel}", "gap-free" if gapless else "GAPS", "", "", "", f"{len(numbers)} messages"
        )
        stage.told.check(f"live feed: {channel} without gaps", found=gapless, wanted=True)


SCENES: tuple[Callable[[Stage], None], ...] = (
    deposit,
    transfer,
    withdrawal_and_return,
    declined,
    silent_after_acting,
    down_for_a_moment,
    reversible_money_stays,
    rubbish,
    *trades.SCENES,
    contracts.on_chain,
    live_feed,
)


def _customer(facts: Body, person: Body) -> Customer:
    return Customer(
        base_url=facts["base_url"],
        handle=person["handle"],
        key=person["api_key"],
        instruments=person["instruments"],
    )


def _deposit(stage: Stage, amount: str) -> Body:
    card = stage.ana.instruments["card"]
    return {"kind": "deposit", "source": {"amount": amount, "asset": "USD"}, "instrument_id": card}


def _withdrawal(stage: Stage, amount: str) -> Body:
    account = stage.ana.instruments["bank_account"]
    return {"kind": "withdrawal", "target": {"amount": amount, "asset": "USD"}, "instrument_id": account}


def _until(found: Callable[[], bool], *, patience_s: float = 10) -> None:
    until = time.monotonic() + patience_s
    while not found() and time.monotonic() < until:
        time.sleep(0.05)
