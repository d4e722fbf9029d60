"""Payment intents: create, retrieve, update, confirm, capture, cancel, list."""

from __future__ import annotations

from sandbox.engine.provider import Call
from sandbox.engine.values import Answer, Json
from sandbox.stripe import desk
from sandbox.stripe.charging import Charging
from sandbox.stripe.customers import Customers
from sandbox.stripe.desk import HIDDEN, Desk
from sandbox.stripe.wire import errors, parameters, shapes
from sandbox.stripe.wire.methods import Decline

_CONFIRM = ("payment_method", "return_url", "off_session", "error_on_requires_action", "expand", "use_stripe_sdk")
_UPDATE = ("amount", "currency", "payment_method", "customer", "description", "metadata", "expand", "receipt_email")
_CREATE = (
    *_CONFIRM,
    *_UPDATE,
    "payment_method_types",
    "automatic_payment_methods",
    "payment_method_options",
    "confirm",
    "confirmation_method",
    "capture_method",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
    "shipping",
)
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action", "processing")
_REASONS = ("requested_by_customer", "abandoned", "duplicate", "fraudulent")
_PLAIN = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix", "transfer_group")


class Intents:
    """The endpoints under /v1/payment_intents."""

    def __init__(self, *, desk: Desk, charging: Charging, customers: Customers) -> None:
        self._desk = desk
        self._charging = charging
        self._customers = customers

    def create(self, call: Call) -> Answer:
        """POST /v1/payment_intents."""
        params = call.params
        parameters.known(params, *_CREATE)
        id_ = desk.new_id("pi")
        intent = shapes.intent(
            id=id_,
            amount=parameters.amount(params),
            currency=parameters.currency(params),
            created=self._desk.now(),
            secret=desk.new_id(f"{id_}_secret"),
        )
        intent[HIDDEN] = {"key": call.key}
        self._describe(intent, params)
        method = self._method(intent, params)
        self._desk.world.objects.label(id=id_, metadata=intent["metadata"])
        call.resource_id = id_
        self._desk.emit(type="payment_intent.created", about=intent, call=call)
        if not parameters.boolean(params, "confirm"):
            self._desk.world.objects.put(type="payment_intent", data=intent)
            return self._desk.show(call, intent)
        return self._confirm(call, intent, method)

    def retrieve(self, call: Call) -> Answer:
        """GET /v1/payment_intents/{}."""
        return self._desk.show(call, self._get(call))

    def list(self, call: Call) -> Answer:
        """GET /v1/payment_intents."""
        selection = parameters.selection(call.params, type="payment_intent", filters=("customer",))
        return self._desk.show_page(call, self._desk.world.objects.page(selection))

    def update(self, call: Call) -> Answer:
        """POST /v1/payment_intents/{}."""
        parameters.known(call.params, *_UPDATE)
        intent = self._get(call)
        if intent["status"] not in _CONFIRMABLE:
            raise _unexpected("update", intent)
        if "amount" in call.params:
            intent["amount"] = parameters.amount(call.params)
        merged = {**intent["metadata"], **parameters.metadata(call.params)}
        self._describe(intent, call.params)
        intent["metadata"] = {name: value for name, value in merged.items() if value}
        self._method(intent, call.params)
        self._desk.world.objects.label(id=intent["id"], metadata=intent["metadata"])
        self._desk.world.objects.save(data=intent)
        return self._desk.show(call, intent)

    def confirm(self, call: Call) -> Answer:
        """POST /v1/payment_intents/{}/confirm."""
        parameters.known(call.params, *_CONFIRM, "payment_method_options")
        intent = self._get(call)
        if intent["status"] not in _CONFIRMABLE:
            raise _unexpected("confirm", intent)
        return self._confirm(call, intent, self._method(intent, call.params))

    def capture(self, call: Call) -> Answer:
        """POST /v1/payment_intents/{}/capture: the whole amount or a part, once."""
        parameters.known(call.params, "amount_to_capture", "metadata", "expand")
        intent = self._get(call)
        if intent["status"] != "requires_capture":
            raise _unexpected("capture", intent)
        amount = parameters.integer(call.params.get("amount_to_capture", str(intent["amount"])), "amount_to_capture")
        if not 1 <= amount <= intent["amount_capturable"]:
            raise errors.invalid(
                "Amount to capture is out of range", param="amount_to_capture", code="amount_too_large"
            )
        charge = self._desk.get(id=intent["latest_charge"], type="charge")
        self._charging.succeed(call=call, intent=intent, charge=charge, amount=amount)
        return self._desk.show(call, intent)

    def cancel(self, call: Call) -> Answer:
        """POST /v1/payment_intents/{}/cancel."""
        parameters.known(call.params, "cancellation_reason", "expand")
        intent = self._get(call)
        if intent["status"] not in _CANCELABLE or intent["processing"]:
            raise _unexpected("cancel", intent)
        reason = call.params.get("cancellation_reason")
        intent |= {
            "amount_capturable": 0,
            "canceled_at": self._desk.now(),
            "cancellation_reason": parameters.choice(call.params, "cancellation_reason", _REASONS) if reason else None,
            "next_action": None,
            "status": "canceled",
        }
        self._desk.world.objects.save(data=intent)
        self._desk.emit(type="payment_intent.canceled", about=intent, call=call)
        return self._desk.show(call, intent)

    def _get(self, call: Call) -> Json:
        return self._desk.get(id=call.names[0], type="payment_intent", param="intent")

    def _confirm(self, call: Call, intent: Json, method: Json | None) -> Answer:
        if method is None:
            raise errors.invalid(
                "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the"
                " PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a"
                " payment method.",
                code="payment_intent_unexpected_state",
                payment_intent=desk.public(intent),
            )
        why = self._charging.confirm(call=call, intent=intent, method=method)
        return self._declined(call, intent, why) if why else self._desk.show(call, intent)

    def _declined(self, call: Call, intent: Json, why: Decline) -> Answer:
        return errors.answer(
            status=402,
            type="card_error",
            message=why.message,
            charge=intent["latest_charge"],
            code=why.code,
            decline_code=why.decline_code,
            payment_intent=desk.public(intent),
            payment_method=intent["last_payment_error"]["payment_method"],
            request_log_url=f"https://dashboard.stripe.com/test/logs/{call.request_id}",
        )

    def _describe(self, intent: Json, params: Json) -> None:
        for name in _PLAIN:
            if name in params:
                intent[name] = parameters.text(params, name)
        if "customer" in params:
            intent["customer"] = self._desk.get(id=params["customer"], type="customer", param="customer")["id"]
        if "metadata" in params:
            intent["metadata"] = parameters.metadata(params)
        if "capture_method" in params:
            names = ("automatic_async", "automatic", "manual")
            intent["capture_method"] = parameters.choice(params, "capture_method", names)
        if "payment_method_types" in params:
            intent["payment_method_types"] = _types(params["payment_method_types"])
        elif isinstance(params.get("automatic_payment_methods"), dict):
            intent["payment_method_types"] = ["card", "us_bank_account"]
            intent["automatic_payment_methods"] = {"allow_redirects": "always", "enabled": True}

    def _method(self, intent: Json, params: Json) -> Json | None:
        """Attach the payment method that the call names; returns the one that the intent then has."""
        token = parameters.text(params, "payment_method") or intent["payment_method"]
        if token is None:
            return None
        method = self._customers.method(token)
        if method["type"] not in intent["payment_method_types"]:
            raise errors.invalid(
                f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent.",
                param="payment_method",
                code="payment_intent_incompatible_payment_method",
            )
        intent["payment_method"] = method["id"]
        if intent["status"] == "requires_payment_method":
            intent["status"] = "requires_confirmation"
        return method


def _types(raw: object) -> list[str]:
    if not isinstance(raw, list) or not raw or not set(raw) <= {"card", "us_bank_account"}:
        raise errors.invalid(
            "The payment method types of this sandbox are card and us_bank_account.", param="payment_method_types"
        )
    return [str(one) for one in raw]


def _unexpected(verb: str, intent: Json) -> Exception:
    return errors.unexpected_state(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        intent=desk.public(intent),
    )
