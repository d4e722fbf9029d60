"""ACH transfers: create, retrieve, list, approve, cancel, and every step to settlement or back."""

from __future__ import annotations

from sandbox.engine.provider import Call
from sandbox.engine.values import Answer, Json
from sandbox.faults.scripts import Script
from sandbox.increase import desk, errors, parameters, rails, returns
from sandbox.increase.desk import HIDDEN, Desk
from sandbox.increase.rails import Rails

_CREATE = (
    "account_id",
    "account_number",
    "addenda",
    "amount",
    "company_descriptive_date",
    "company_discretionary_data",
    "company_entry_description",
    "company_name",
    "destination_account_holder",
    "external_account_id",
    "funding",
    "individual_id",
    "individual_name",
    "preferred_effective_date",
    "require_approval",
    "routing_number",
    "standard_entry_class_code",
    "statement_descriptor",
    "transaction_timing",
)
_CLASSES = (
    "prearranged_payments_and_deposit",
    "corporate_credit_or_debit",
    "corporate_trade_exchange",
    "internet_initiated",
)
_FUNDING = ("checking", "savings", "loan", "general_ledger")
_HOLDERS = ("unknown", "individual", "business")
_COMPANY = (("company_descriptive_date", 6), ("company_discretionary_data", 20), ("company_entry_description", 10))


class Transfers:
    """The endpoints under /ach_transfers and /simulations/ach_transfers."""

    def __init__(self, *, desk: Desk, rails: Rails) -> None:
        self._desk = desk
        self._rails = rails

    def create(self, call: Call) -> Answer:
        """POST /ach_transfers."""
        transfer = self._read(call)
        call.resource_id = transfer["id"]
        twist = self._desk.world.twist(provider=desk.CODE, call=call)
        if twist is not None and twist.fault == "wrong_amount":
            transfer["amount"] = max(1, transfer["amount"] + twist.amount_delta)
        if twist is not None and twist.fault == "wrong_currency":
            transfer["currency"] = twist.currency.upper()
        transfer[HIDDEN] = {"twist": _shown(twist)}
        now = self._desk.now()
        self._desk.world.objects.add(type="ach_transfer", data=transfer, parent=transfer["account_id"])
        self._desk.emit(category="ach_transfer.created", about=transfer, at=now)
        if not parameters.boolean(call.params, "require_approval"):
            self._rails.release(transfer, at=now)
        return desk.show(transfer)

    def retrieve(self, call: Call) -> Answer:
        """GET /ach_transfers/{}."""
        return desk.show(self._get(call))

    def list(self, call: Call) -> Answer:
        """GET /ach_transfers; by ``idempotency_key`` it is one lookup."""
        filters = ("account_id", "external_account_id", "idempotency_key", "status.in")
        selection = parameters.selection(call.params, type="ach_transfer", filters=filters)
        if "idempotency_key" not in call.params:
            return desk.show_page(self._desk.world.objects.page(selection))
        found = self._desk.world.keys.find(provider=desk.CODE, key=call.params["idempotency_key"])
        item = self._desk.world.objects.find(type="ach_transfer", id=found.resource_id) if found else None
        keeps = selection.keeps
        return desk.show_list([item] if item is not None and keeps is not None and keeps(item) else [])

    def approve(self, call: Call) -> Answer:
        """POST /ach_transfers/{}/approve."""
        transfer = self._in(call, "pending_approval")
        now = self._desk.now()
        transfer["approval"] = {"approved_at": rails.iso(now), "approved_by": None}
        self._rails.release(transfer, at=now)
        self._desk.emit(category="ach_transfer.updated", about=transfer, at=now)
        return desk.show(transfer)

    def cancel(self, call: Call) -> Answer:
        """POST /ach_transfers/{}/cancel: only while it waits for approval, as Increase documents."""
        transfer = self._in(call, "pending_approval")
        now = self._desk.now()
        transfer |= {
            "cancellation": {"canceled_at": rails.iso(now), "canceled_by": None},
            "status": "canceled",
        }
        self._desk.world.objects.save(data=transfer)
        self._desk.emit(category="ach_transfer.updated", about=transfer, at=now)
        return desk.show(transfer)

    def simulate_submit(self, call: Call) -> Answer:
        """POST /simulations/ach_transfers/{}/submit."""
        return self._step(self._in(call, "pending_submission"), self._rails.submit)

    def simulate_acknowledge(self, call: Call) -> Answer:
        """POST /simulations/ach_transfers/{}/acknowledge."""
        transfer = self._in(call, "submitted")
        if transfer["acknowledgement"]:
            raise errors.not_now("The transfer is already acknowledged.")
        return self._step(transfer, self._rails.acknowledge)

    def simulate_settle(self, call: Call) -> Answer:
        """POST /simulations/ach_transfers/{}/settle."""
        transfer = self._in(call, "submitted")
        if transfer["settlement"]:
            raise errors.not_now("The transfer is already settled.")
        return self._step(transfer, self._rails.settle)

    def simulate_return(self, call: Call) -> Answer:
        """POST /simulations/ach_transfers/{}/return: before or after settlement, once."""
        parameters.known(call.params, "reason", "addenda_information")
        reason = parameters.choice(call.params, "reason", ("no_account", *returns.CODES))
        addenda = parameters.text(call.params, "addenda_information")
        transfer = self._in(call, "submitted")
        self._rails.send_back(transfer, reason=reason, addenda=addenda, at=self._desk.now())
        return desk.show(transfer)

    def _step(self, transfer: Json, step: rails.Step) -> Answer:
        step(transfer, at=self._desk.now())
        return desk.show(transfer)

    def _get(self, call: Call) -> Json:
        return self._desk.get(id=call.names[0], type="ach_transfer")

    def _in(self, call: Call, status: str) -> Json:
        transfer = self._get(call)
        if transfer["status"] != status:
            raise errors.not_now(f"The transfer is {transfer['status']}; it would have to be {status}.")
        return transfer

    def _read(self, call: Call) -> Json:
        """Check every parameter and return the new transfer."""
        params = call.params
        parameters.known(params, *_CREATE)
        account_id = parameters.needed(params, "account_id")
        self._desk.get(id=account_id, type="account")
        if "external_account_id" in params:
            raise errors.invalid("external_account_id", "is not kept here: send account_number and routing_number")
        return {
            "id": desk.new_id("ach_transfer"),
            "account_id": account_id,
            "account_number": parameters.account_number(params),
            "acknowledgement": None,
            "addenda": params.get("addenda"),
            "amount": parameters.cents(params, "amount"),
            "approval": None,
            "cancellation": None,
            **{name: parameters.text(params, name, longest=longest) for name, longest in _COMPANY},
            "company_id": "1234987601",
            "company_name": parameters.text(params, "company_name", longest=16),
            "created_at": rails.iso(self._desk.now()),
            "created_by": {"category": "api_key", "api_key": {"description": "diBoaS sandbox"}},
            "currency": "USD",
            "destination_account_holder": parameters.choice(params, "destination_account_holder", _HOLDERS),
            "external_account_id": None,
            "funding": parameters.choice(params, "funding", _FUNDING),
            "idempotency_key": call.key or None,
            "inbound_funds_hold": None,
            "individual_id": parameters.text(params, "individual_id", longest=22),
            "individual_name": parameters.text(params, "individual_name"),
            "network": "ach",
            "notifications_of_change": [],
            "pending_transaction_id": None,
            "preferred_effective_date": _date(params),
            "return": None,
            "routing_number": parameters.routing_number(params),
            "settlement": None,
            "standard_entry_class_code": parameters.choice(params, "standard_entry_class_code", _CLASSES),
            "statement_descriptor": parameters.needed(params, "statement_descriptor"),
            "status": "pending_approval",
            "submission": None,
            "transaction_id": None,
            "type": "ach_transfer",
        }


def _date(params: Json) -> Json:
    raw = params.get("preferred_effective_date") or {}
    if not isinstance(raw, dict) or not set(raw) <= {"date", "settlement_schedule"}:
        raise errors.invalid("preferred_effective_date", "must hold date or settlement_schedule")
    schedule = raw.get("settlement_schedule")
    if schedule not in (None, "same_day", "future_dated"):
        raise errors.invalid("preferred_effective_date.settlement_schedule", "must be same_day or future_dated")
    return {"date": raw.get("date"), "settlement_schedule": schedule or (None if raw.get("date") else "same_day")}


def _shown(twist: Script | None) -> Json | None:
    if twist is None:
        return None
    return {"fault": twist.fault, "code": twist.code, "delay_ms": twist.delay_ms}
