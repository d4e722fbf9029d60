"""Stripe's balance: what each charge and dispute leaves after the fee, pending first, available later."""

from __future__ import annotations

from sandbox.engine.provider import Call
from sandbox.engine.values import Answer, Json
from sandbox.stripe import desk
from sandbox.stripe.desk import Desk
from sandbox.stripe.wire import parameters

ACCOUNT = "stripe"
DISPUTE_FEE = 1_500
_DAY_S = 86_400
_CARD_PERMILLE = 29
_CARD_FIXED = 30
_BANK_PERMILLE = 8
_BANK_MOST = 500


def processing_fee(*, amount: int, kind: str) -> int:
    """Return what Stripe keeps of a charge, in cents: card 2.9 % + 30, bank debit 0.8 % up to 500; halves go up."""
    if kind == "us_bank_account":
        return min(_BANK_MOST, (amount * _BANK_PERMILLE + 500) // 1000)
    return (amount * _CARD_PERMILLE + 500) // 1000 + _CARD_FIXED


class Balance:
    """Writes balance transactions and answers for the balance."""

    def __init__(self, *, desk: Desk) -> None:
        self._desk = desk

    def charged(self, *, charge: Json, fee: int) -> Json:
        """Credit a charge less its fee; it becomes available some days later."""
        days = self._desk.world.settings.stripe_available_days
        return self._add(
            source=charge["id"],
            currency=charge["currency"],
            amount=charge["amount"],
            fees=[(fee, "Stripe processing fees")],
            type_=("charge" if charge["payment_method_details"]["type"] == "card" else "payment"),
            wait_s=days * _DAY_S,
        )

    def adjusted(self, *, dispute: Json, amount: int, fee: int, description: str) -> Json:
        """Take a dispute's money (negative) or give it back (positive), at once."""
        fees = [(fee, "Dispute fee")] if fee else []
        made = self._add(
            source=dispute["id"], currency=dispute["currency"], amount=amount, fees=fees, type_="adjustment", wait_s=0
        )
        made["description"] = description
        self._desk.world.objects.save(data=made)
        return made

    def show(self, call: Call) -> Answer:
        """GET /v1/balance."""
        parameters.known(call.params, "expand")
        funds = self._desk.world.funds
        totals = funds.totals(account=ACCOUNT) or {"usd": 0}
        pending = funds.pending(account=ACCOUNT, now=self._desk.world.clock.now())
        return self._desk.show(
            call,
            {
                "object": "balance",
                "available": [_amount(code, total - pending.get(code, 0)) for code, total in totals.items()],
                "livemode": False,
                "pending": [_amount(code, pending.get(code, 0)) for code in totals],
                "refund_and_dispute_prefunding": {"available": [], "pending": []},
            },
        )

    def retrieve(self, call: Call) -> Answer:
        """GET /v1/balance_transactions/{}."""
        return self._desk.show(call, self._desk.refresh(self._desk.get(id=call.names[0], type="balance_transaction")))

    def _add(
        self, *, source: str, currency: str, amount: int, fees: list[tuple[int, str]], type_: str, wait_s: int
    ) -> Json:
        now = self._desk.now()
        fee = sum(cents for cents, _ in fees)
        made: Json = {
            "id": desk.new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": now + wait_s,
            "balance_type": "payments",
            "created": now,
            "currency": currency,
            "description": None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [
                {"amount": cents, "application": None, "currency": currency, "description": words, "type": "stripe_fee"}
                for cents, words in fees
            ],
            "net": amount - fee,
            "reporting_category": "dispute" if type_ == "adjustment" else "charge",
            "source": source,
            "status": "pending" if wait_s else "available",
            "type": type_,
        }
        world = self._desk.world
        world.objects.add(type="balance_transaction", data=made, parent=source)
        world.funds.move(
            account=ACCOUNT, currency=currency, net=made["net"], available_at=made["available_on"] if wait_s else None
        )
        return made

    def list(self, call: Call) -> Answer:
        """GET /v1/balance_transactions."""
        selection = parameters.selection(
            call.params, type="balance_transaction", filters=("type", "source", "currency")
        )
        page = self._desk.world.objects.page(selection)
        for item in page.items:
            self._desk.refresh(item)
        return self._desk.show_page(call, page)


def _amount(code: str, cents: int) -> Json:
    return {"amount": cents, "currency": code, "source_types": {"card": cents}}
