"""Chargebacks: opened by a control, a fault or a test card; won or lost by evidence, by closing, or by a control."""

from __future__ import annotations

from sandbox.engine.book import Effect
from sandbox.engine.provider import Call
from sandbox.engine.values import Answer, Json
from sandbox.stripe import charging, desk
from sandbox.stripe.balance import DISPUTE_FEE, Balance
from sandbox.stripe.desk import Desk
from sandbox.stripe.wire import errors, parameters, shapes

REASONS = (
    "fraudulent",
    "general",
    "duplicate",
    "product_not_received",
    "product_unacceptable",
    "credit_not_processed",
    "unrecognized",
    "subscription_canceled",
)
_OPEN = ("needs_response", "under_review")


class Disputes:
    """The endpoints under /v1/disputes, and opening one."""

    def __init__(self, *, desk: Desk, balance: Balance) -> None:
        self._desk = desk
        self._balance = balance
        desk.world.timers.register(kind="stripe.dispute", handler=self._open_later)

    def open(self, *, charge: Json, reason: str, amount: int) -> Json:
        """Dispute a charge: the money and a fee leave at once. Needs an open change."""
        if not charge["captured"] or charge["disputed"]:
            raise errors.invalid("Only a captured charge without a dispute can be disputed.", param="charge")
        if reason not in REASONS:
            raise errors.invalid(f"reason must be one of {', '.join(REASONS)}", param="reason")
        if not 1 <= amount <= charge["amount"]:
            raise errors.invalid("amount must be between 1 and the charge's", param="amount")
        made = shapes.dispute(
            id=desk.new_id("du"), charge=charge, amount=amount, created=self._desk.now(), reason=reason
        )
        taken = self._balance.adjusted(
            dispute=made, amount=-amount, fee=DISPUTE_FEE, description=f"Chargeback withdrawal for {charge['id']}"
        )
        made["balance_transactions"] = [taken]
        charge |= {"disputed": True, "dispute": made["id"]}
        self._desk.world.objects.add(type="dispute", data=made, parent=charge["id"])
        self._desk.world.objects.save(data=charge)
        self._record(made, operation="dispute", direction="out", fee=DISPUTE_FEE)
        self._desk.emit(type="charge.dispute.created", about=made, call=None)
        self._desk.emit(type="charge.dispute.funds_withdrawn", about=made, call=None)
        return made

    def end(self, *, dispute: Json, won: bool, call: Call | None) -> Json:
        """Decide a dispute; winning brings the money back, not the fee. Needs an open change."""
        if dispute["status"] not in _OPEN:
            raise errors.invalid(f"This dispute is already {dispute['status']}.", param="dispute")
        dispute["status"] = "won" if won else "lost"
        if won:
            back = self._balance.adjusted(
                dispute=dispute,
                amount=dispute["amount"],
                fee=0,
                description=f"Chargeback reversal for {dispute['charge']}",
            )
            dispute["balance_transactions"] = [*dispute["balance_transactions"], back]
            self._record(dispute, operation="dispute_reversal", direction="in", fee=0)
        self._desk.world.objects.save(data=dispute)
        self._desk.emit(type="charge.dispute.closed", about=dispute, call=call)
        if won:
            self._desk.emit(type="charge.dispute.funds_reinstated", about=dispute, call=call)
        return dispute

    def retrieve(self, call: Call) -> Answer:
        """GET /v1/disputes/{}."""
        return self._desk.show(call, self._desk.get(id=call.names[0], type="dispute"))

    def list(self, call: Call) -> Answer:
        """GET /v1/disputes."""
        selection = parameters.selection(call.params, type="dispute", filters=("charge", "payment_intent"))
        return self._desk.show_page(call, self._desk.world.objects.page(selection))

    def update(self, call: Call) -> Answer:
        """POST /v1/disputes/{}: evidence; the texts of Stripe's test mode decide at once."""
        parameters.known(call.params, "evidence", "metadata", "submit", "expand")
        dispute = self._desk.get(id=call.names[0], type="dispute")
        evidence = call.params.get("evidence")
        words = evidence.get("uncategorized_text", "") if isinstance(evidence, dict) else ""
        dispute["evidence"] = {**dispute["evidence"], "uncategorized_text": words or None}
        dispute["evidence_details"] |= {"has_evidence": bool(words), "submission_count": 1}
        if words in ("winning_evidence", "losing_evidence"):
            self.end(dispute=dispute, won=words == "winning_evidence", call=call)
        else:
            dispute["status"] = "under_review" if words else dispute["status"]
            self._desk.world.objects.save(data=dispute)
            self._desk.emit(type="charge.dispute.updated", about=dispute, call=call)
        return self._desk.show(call, dispute)

    def close(self, call: Call) -> Answer:
        """POST /v1/disputes/{}/close: accepted as lost."""
        dispute = self._desk.get(id=call.names[0], type="dispute")
        return self._desk.show(call, self.end(dispute=dispute, won=False, call=call))

    def _open_later(self, charge_id: str, _at: float) -> None:
        charge = self._desk.get(id=charge_id, type="charge")
        if charge["captured"] and not charge["disputed"]:
            self.open(charge=charge, reason="fraudulent", amount=charge["amount"])

    def _record(self, dispute: Json, *, operation: str, direction: str, fee: int) -> None:
        row = self._desk.world.book.find(object_id=dispute["payment_intent"], operation="charge")
        metadata = row["metadata"] if row else {}
        self._desk.world.book.record(
            Effect(
                provider=desk.CODE,
                operation=operation,
                object_id=dispute["id"],
                reference=charging.reference(metadata),
                key=row["key"] if row else "",
                amount=dispute["amount"],
                fee=fee,
                currency=dispute["currency"],
                direction=direction,
                at=self._desk.now(),
                metadata=metadata,
            )
        )
