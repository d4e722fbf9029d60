"""What happens when a payment intent is confirmed: charged, declined, to be authenticated, or processing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from sandbox.engine.book import Effect
from sandbox.engine.provider import Call
from sandbox.engine.values import Json
from sandbox.faults.scripts import Script
from sandbox.stripe import balance, desk
from sandbox.stripe.balance import Balance
from sandbox.stripe.desk import HIDDEN, Desk
from sandbox.stripe.wire import methods, shapes
from sandbox.stripe.wire.methods import Decline

# Which metadata of the platform's is its reference, first found wins; the book keeps all of it anyway.
_REFERENCES = ("reference", "transaction_id", "transaction", "tx", "order_id")


class Charging:
    """Moves an intent from confirmed to its outcome, with charge, balance, book and events."""

    def __init__(self, *, desk: Desk, balance: Balance) -> None:
        self._desk = desk
        self._balance = balance
        desk.world.timers.register(kind="stripe.bank_debit", handler=self._bank_debit)

    def confirm(self, *, call: Call, intent: Json, method: Json) -> Decline | None:
        """Confirm the intent and save it; returns why it was declined, if it was."""
        intent[HIDDEN] |= {"key": call.key, "return_url": call.params.get("return_url")}
        intent["payment_method"] = method["id"]
        call.amount = intent["amount"]
        call.references = tuple(intent["metadata"].values())
        if methods.needs_customer(method):
            return self._ask_customer(call, intent, method)
        return self.execute(call=call, intent=intent, method=method)

    def execute(self, *, call: Call, intent: Json, method: Json) -> Decline | None:
        """Try the charge, after any authentication."""
        twist = self._desk.world.twist(provider=desk.CODE, call=call)
        kind = twist.fault if twist else ""
        intent["next_action"] = None
        if kind == "refuse":
            return self.fail(call=call, intent=intent, method=method, why=methods.decline(_code(twist)))
        why = methods.declined_by(method)
        if why is not None:
            return self.fail(call=call, intent=intent, method=method, why=why)
        if kind == "wrong_amount" and twist is not None:
            intent["amount"] = max(1, intent["amount"] + twist.amount_delta)
        if kind == "wrong_currency" and twist is not None:
            intent["currency"] = twist.currency
        if kind == "never_settle" or method["type"] == "us_bank_account":
            self._process(call, intent, method, settles=kind != "never_settle")
            return None
        self._authorize(call, intent, method)
        if kind == "dispute" or methods.disputes_later(method):
            self._plan_dispute(intent, twist)
        return None

    def fail(self, *, call: Call | None, intent: Json, method: Json, why: Decline) -> Decline:
        """Decline: the charge failed, the intent wants another payment method."""
        charge = self._charge_of(intent, method)
        charge |= {
            "failure_code": why.code,
            "failure_message": why.message,
            "outcome": shapes.outcome(
                approved=False, reason=why.decline_code, message="The bank declined the payment."
            ),
            "status": "failed",
        }
        intent |= {
            "last_payment_error": {
                "charge": charge["id"],
                "code": why.code,
                "decline_code": why.decline_code,
                "message": why.message,
                "payment_method": method,
                "type": "card_error" if method["type"] == "card" else "invalid_request_error",
            },
            "next_action": None,
            "payment_method": None,
            "processing": None,
            "status": "requires_payment_method",
        }
        self._save(intent, charge)
        self._desk.emit(type="charge.failed", about=charge, call=call)
        self._desk.emit(type="payment_intent.payment_failed", about=intent, call=call)
        return why

    def succeed(self, *, call: Call | None, intent: Json, charge: Json, amount: int) -> None:
        """Take the money: book, balance, charge, intent, events."""
        now = self._desk.now()
        charge |= {"amount_captured": amount, "captured": True, "paid": True, "status": "succeeded"}
        charge["outcome"] = shapes.outcome(approved=True)
        charge["amount"] = amount
        fee = balance.processing_fee(amount=amount, kind=charge["payment_method_details"]["type"])
        charge["balance_transaction"] = self._balance.charged(charge=charge, fee=fee)["id"]
        intent |= {
            "amount_capturable": 0,
            "amount_received": amount,
            "processing": None,
            "next_action": None,
            "status": "succeeded",
        }
        self._save(intent, charge)
        self._desk.world.book.record(
            Effect(
                provider=desk.CODE,
                operation="charge",
                object_id=intent["id"],
                reference=reference(intent["metadata"]),
                key=intent[HIDDEN].get("key", ""),
                amount=amount,
                fee=fee,
                currency=intent["currency"],
                direction="in",
                at=now,
                metadata=intent["metadata"],
            )
        )
        self._desk.emit(type="charge.succeeded", about=charge, call=call)
        self._desk.emit(type="payment_intent.succeeded", about=intent, call=call)

    def _authorize(self, call: Call, intent: Json, method: Json) -> None:
        charge = self._charge_of(intent, method)
        if intent["capture_method"] != "manual":
            self.succeed(call=call, intent=intent, charge=charge, amount=intent["amount"])
            return
        charge |= {"outcome": shapes.outcome(approved=True), "paid": True, "status": "succeeded"}
        intent |= {"amount_capturable": intent["amount"], "status": "requires_capture"}
        self._save(intent, charge)
        self._desk.emit(type="payment_intent.amount_capturable_updated", about=intent, call=call)

    def _process(self, call: Call, intent: Json, method: Json, *, settles: bool) -> None:
        charge = self._charge_of(intent, method)
        intent |= {"processing": {"type": method["type"], method["type"]: {}}, "status": "processing"}
        self._save(intent, charge)
        self._desk.emit(type="charge.pending", about=charge, call=call)
        self._desk.emit(type="payment_intent.processing", about=intent, call=call)
        if settles:
            self._desk.world.timers.after(
                delay_s=self._desk.world.settings.stripe_bank_debit_s,
                at=self._desk.world.clock.now(),
                kind="stripe.bank_debit",
                object_id=intent["id"],
            )

    def _bank_debit(self, intent_id: str, _at: float) -> None:
        """Settle or return a bank debit when its time has come."""
        intent = self._desk.world.objects.find(type="payment_intent", id=intent_id)
        if intent is not None and intent["status"] == "processing":
            self.settle(intent=intent, fails=methods.bank_fails(self._method_of(intent)), call=None)

    def settle(self, *, intent: Json, fails: bool, call: Call | None) -> None:
        """End the processing of an intent, one way or the other."""
        method = self._method_of(intent)
        if fails:
            self.fail(call=call, intent=intent, method=method, why=methods.decline("generic_decline"))
            return
        charge = self._desk.get(id=intent["latest_charge"], type="charge")
        self.succeed(call=call, intent=intent, charge=charge, amount=intent["amount"])

    def _ask_customer(self, call: Call, intent: Json, method: Json) -> Decline | None:
        if call.params.get("off_session") == "true" or call.params.get("error_on_requires_action") == "true":
            return self.fail(call=call, intent=intent, method=method, why=methods.decline("authentication_required"))
        secret = quote(intent["client_secret"])
        base = self._desk.world.settings.base_url
        intent |= {
            "next_action": {
                "redirect_to_url": {
                    "return_url": intent[HIDDEN]["return_url"],
                    "url": f"{base}/_stripe/3ds/{intent['id']}?client_secret={secret}",
                },
                "type": "redirect_to_url",
            },
            "status": "requires_action",
        }
        self._desk.world.objects.put(type="payment_intent", data=intent)
        self._desk.emit(type="payment_intent.requires_action", about=intent, call=call)
        return None

    def _plan_dispute(self, intent: Json, twist: Script | None) -> None:
        self._desk.world.timers.after(
            delay_s=max((twist.delay_ms if twist else 0) / 1000, 0.001),
            at=self._desk.world.clock.now(),
            kind="stripe.dispute",
            object_id=intent["latest_charge"],
        )

    def _charge_of(self, intent: Json, method: Json) -> Json:
        """Return the charge in flight, or a new one."""
        if intent["status"] == "processing" and intent["latest_charge"]:
            return self._desk.get(id=intent["latest_charge"], type="charge")
        charge = shapes.charge(id=desk.new_id("ch"), intent=intent, created=self._desk.now(), method=method)
        intent["latest_charge"] = charge["id"]
        charge[HIDDEN] = {"new": True}
        return charge

    def _save(self, intent: Json, charge: Json) -> None:
        self._desk.world.objects.put(type="payment_intent", data=intent)
        if charge.pop(HIDDEN, None):
            self._desk.world.objects.add(type="charge", data=charge, parent=intent["id"])
        else:
            self._desk.world.objects.save(data=charge)

    def _method_of(self, intent: Json) -> Json:
        return self._desk.get(id=intent["payment_method"], type="payment_method")


def reference(metadata: Mapping[str, str]) -> str:
    """Return the platform's own reference in an object's metadata, or nothing."""
    return next((metadata[name] for name in _REFERENCES if name in metadata), "")


def _code(twist: Script | None) -> str:
    return (twist.code if twist else "") or "generic_decline"
