"""Accounts with their balance, and the entries on them."""

from __future__ import annotations

from sandbox.engine.clock import iso
from sandbox.engine.provider import Call
from sandbox.engine.values import Answer, json_answer
from sandbox.increase import desk, parameters
from sandbox.increase.desk import Desk


class Accounts:
    """The endpoints under /accounts and /transactions."""

    def __init__(self, *, desk: Desk) -> None:
        self._desk = desk

    def open_first(self) -> None:
        """Open the account of the settings with its first balance, once. Needs an open change."""
        settings = self._desk.world.settings
        if self._desk.world.objects.find(type="account", id=settings.increase_account_id) is not None:
            return
        account = {
            "id": settings.increase_account_id,
            "account_revenue_rate": None,
            "bank": "first_internet_bank",
            "closed_at": None,
            "created_at": iso(self._desk.now()),
            "currency": "USD",
            "entity_id": desk.new_id("entity"),
            "funding": "deposits",
            "idempotency_key": None,
            "informational_entity_id": None,
            "interest_accrued": "0",
            "interest_accrued_at": None,
            "interest_rate": "0",
            "loan": None,
            "name": "diBoaS sandbox",
            "program_id": desk.new_id("program"),
            "status": "open",
            "type": "account",
        }
        self._desk.world.objects.add(type="account", data=account)
        self.fund(account_id=settings.increase_account_id, amount=settings.increase_opening_balance)

    def fund(self, *, account_id: str, amount: int) -> None:
        """Put money on an account, as a treasurer's wire would. Needs an open change."""
        self._desk.get(id=account_id, type="account")
        self._desk.enter(
            account_id=account_id,
            amount=amount,
            at=self._desk.now(),
            description="Sample funds",
            source={"category": "sample_funds", "sample_funds": {"originator": "diBoaS sandbox"}},
        )

    def retrieve(self, call: Call) -> Answer:
        """GET /accounts/{}."""
        return desk.show(self._desk.get(id=call.names[0], type="account"))

    def list(self, call: Call) -> Answer:
        """GET /accounts."""
        filters = ("idempotency_key", "status.in", "entity_id", "program_id")
        selection = parameters.selection(call.params, type="account", filters=filters)
        return desk.show_page(self._desk.world.objects.page(selection))

    def balance(self, call: Call) -> Answer:
        """GET /accounts/{}/balance."""
        account = self._desk.get(id=call.names[0], type="account")
        cents = self._desk.available(account["id"])
        return json_answer(
            {
                "account_id": account["id"],
                "available_balance": cents,
                "current_balance": cents,
                "loan": None,
                "type": "balance_lookup",
            }
        )

    def retrieve_transaction(self, call: Call) -> Answer:
        """GET /transactions/{}."""
        return desk.show(self._desk.get(id=call.names[0], type="transaction"))

    def list_transactions(self, call: Call) -> Answer:
        """GET /transactions."""
        selection = parameters.selection(call.params, type="transaction", filters=("account_id", "route_id"))
        return desk.show_page(self._desk.world.objects.page(selection))
