"""Stripe as the pipeline sees it: authentication, decoding, routes, idempotency, errors."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from sandbox.engine import idempotency
from sandbox.engine.idempotency import Recorded
from sandbox.engine.provider import Call, Refused, Route, Routes
from sandbox.engine.values import Answer, Json, Request
from sandbox.engine.world import World
from sandbox.stripe import desk, magic
from sandbox.stripe.balance import Balance
from sandbox.stripe.charging import Charging
from sandbox.stripe.customers import Customers
from sandbox.stripe.desk import Desk
from sandbox.stripe.disputes import Disputes
from sandbox.stripe.intents import Intents
from sandbox.stripe.reading import Reading
from sandbox.stripe.searching import Searching
from sandbox.stripe.three_ds import ThreeDS
from sandbox.stripe.wire import errors, forms
from sandbox.webhooks import signing
from sandbox.webhooks.deliveries import Endpoint

_LONGEST_KEY = 255
_NOT_JSON = "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."


class StripeProvider:
    """The pretend Stripe."""

    code = desk.CODE

    def __init__(self, *, world: World) -> None:
        self._world = world
        self.desk = Desk(world=world)
        balance = Balance(desk=self.desk)
        customers = Customers(desk=self.desk)
        self.charging = Charging(desk=self.desk, balance=balance)
        self.disputes = Disputes(desk=self.desk, balance=balance)
        self.three_ds = ThreeDS(desk=self.desk, charging=self.charging)
        intents = Intents(desk=self.desk, charging=self.charging, customers=customers)
        self._routes = Routes(
            [
                *_intent_routes(intents, Searching(desk=self.desk)),
                *_customer_routes(customers),
                *_dispute_routes(self.disputes),
                *_reading_routes(Reading(desk=self.desk), balance),
            ]
        )
        self._attach_endpoint()

    def open(self, request: Request) -> Call:
        """Authenticate, route and decode a request."""
        request_id = desk.new_id("req")
        try:
            self._authenticate(request.headers)
            return self._decode(request, request_id)
        except Refused as refused:
            raise Refused(_stamp(refused.answer, request_id)) from refused

    def run(self, call: Call) -> Answer:
        """Execute; the answer is remembered under the key, a refusal before execution is not."""
        try:
            answer = call.handler(call)
        except Refused as refused:
            raise Refused(_stamp(refused.answer, call.request_id)) from refused
        return self._remember(call, answer)

    def broken(self, call: Call, *, status: int) -> Answer:
        """Answer with an error of Stripe's own that is remembered and replayed, as Stripe documents for 500s."""
        return self._remember(call, self._error(status))

    def replay(self, call: Call) -> Answer | None:
        """Return what the key was answered before; refuse the key of another request."""
        found = self._world.keys.find(provider=desk.CODE, key=call.key)
        if found is None:
            return None
        if found.fingerprint != call.fingerprint:
            raise Refused(_stamp(_mismatch(call.key), call.request_id))
        answer = _stamp(Answer(status=found.status, body=found.body), call.request_id)
        answer.headers.append((b"idempotent-replayed", b"true"))
        return answer

    def in_progress(self, call: Call) -> Answer:
        """Return Stripe's 409 for a key that is being worked on."""
        message = (
            "There is currently another in-progress request using this Idempotent Key (that probably means you"
            f" submitted twice, and the other request is still going through): {call.key}. Please try again later."
        )
        conflict = errors.answer(status=409, type="idempotency_error", message=message, code="idempotency_key_in_use")
        return _stamp(conflict, call.request_id)

    def failure(self, *, status: int, call: Call) -> Answer:
        """Return an error of Stripe's edge: nothing was executed, nothing is remembered."""
        return _stamp(self._error(status), call.request_id)

    def rate_limited(self, *, retry_after_s: int, call: Call) -> Answer:
        """Return Stripe's 429."""
        answer = errors.answer(
            status=429,
            type="invalid_request_error",
            message="Too many requests hit the API too quickly. We recommend an exponential backoff of your requests.",
            code="rate_limit",
        )
        answer.headers.append((b"retry-after", str(retry_after_s).encode()))
        answer.headers.append((b"stripe-should-retry", b"false"))
        return _stamp(answer, call.request_id)

    def _authenticate(self, headers: Mapping[str, str]) -> None:
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        key = rest.strip()
        if scheme.lower() == "basic":
            try:
                key = base64.b64decode(key, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                key = ""
        if not key:
            raise errors.unauthorized(
                "You did not provide an API key. You need to provide your API key in the Authorization header, using"
                " Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
            )
        if key not in self._world.settings.stripe_api_keys:
            raise errors.unauthorized(f"Invalid API Key provided: {key[:7]}{'*' * 8}{key[-4:]}")

    def _decode(self, request: Request, request_id: str) -> Call:
        found = self._routes.find(method=request.method, path=request.path)
        if found is None:
            message = f"Unrecognized request URL ({request.method}: {request.path})."
            raise Refused(errors.answer(status=404, type="invalid_request_error", message=message))
        route, names = found
        params = _params(request)
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        if len(key) > _LONGEST_KEY:
            raise errors.invalid("Keys for idempotent requests can be at most 255 characters.")
        amount = params.get("amount")
        cents = int(amount) if isinstance(amount, str) and amount.isdigit() and amount.isascii() else None
        metadata = params.get("metadata")
        return Call(
            request=request,
            operation=route.operation,
            handler=route.handler,
            names=names,
            params=params,
            key=key,
            fingerprint=_fingerprint(request) if key else b"",
            amount=cents,
            references=tuple(str(value) for value in metadata.values()) if isinstance(metadata, dict) else (),
            request_id=request_id,
            magic=magic.script_for(cents) if route.operation == "charge" else None,
            expand=_expand(params),
        )

    def _remember(self, call: Call, answer: Answer) -> Answer:
        if call.key:
            recorded = Recorded(
                fingerprint=call.fingerprint, status=answer.status, body=answer.body, resource_id=call.resource_id
            )
            self._world.keys.record(provider=desk.CODE, key=call.key, recorded=recorded, at=self._world.clock.now())
        return _stamp(answer, call.request_id)

    def _error(self, status: int) -> Answer:
        message = "Sorry! There was an error while talking to Stripe. (A fault script of the sandbox wanted this.)"
        return errors.answer(status=status, type="api_error", message=message)

    def _attach_endpoint(self) -> None:
        settings = self._world.settings
        if not settings.stripe_webhook_url:
            return
        secrets = settings.stripe_webhook_secrets
        self._world.deliveries.attach(
            Endpoint(
                id="stripe",
                provider=desk.CODE,
                operation="charge",
                url=settings.stripe_webhook_url,
                types=settings.stripe_webhook_events,
                sign=lambda _id, body, at: signing.stripe(body=body, secrets=secrets, at=at),
            )
        )


def _intent_routes(intents: Intents, searching: Searching) -> list[Route]:
    base = "/v1/payment_intents"
    return [
        Route(method="POST", pattern=base, operation="charge", handler=intents.create),
        Route(method="GET", pattern=base, operation="status", handler=intents.list),
        Route(method="GET", pattern=base + "/search", operation="status", handler=searching.search),
        Route(method="GET", pattern=base + "/{}", operation="status", handler=intents.retrieve),
        Route(method="POST", pattern=base + "/{}", operation="other", handler=intents.update),
        Route(method="POST", pattern=base + "/{}/confirm", operation="charge", handler=intents.confirm),
        Route(method="POST", pattern=base + "/{}/capture", operation="charge", handler=intents.capture),
        Route(method="POST", pattern=base + "/{}/cancel", operation="cancel", handler=intents.cancel),
    ]


def _customer_routes(customers: Customers) -> list[Route]:
    methods = "/v1/payment_methods"
    return [
        Route(method="POST", pattern="/v1/customers", operation="other", handler=customers.create),
        Route(method="GET", pattern="/v1/customers", operation="other", handler=customers.list),
        Route(method="GET", pattern="/v1/customers/{}", operation="other", handler=customers.retrieve),
        Route(method="POST", pattern="/v1/customers/{}", operation="other", handler=customers.update),
        Route(method="POST", pattern=methods, operation="other", handler=customers.create_method),
        Route(method="GET", pattern=methods + "/{}", operation="other", handler=customers.retrieve_method),
        Route(method="POST", pattern=methods + "/{}/attach", operation="other", handler=customers.attach_method),
        Route(method="POST", pattern=methods + "/{}/detach", operation="other", handler=customers.detach_method),
    ]


def _dispute_routes(disputes: Disputes) -> list[Route]:
    return [
        Route(method="GET", pattern="/v1/disputes", operation="other", handler=disputes.list),
        Route(method="GET", pattern="/v1/disputes/{}", operation="other", handler=disputes.retrieve),
        Route(method="POST", pattern="/v1/disputes/{}", operation="other", handler=disputes.update),
        Route(method="POST", pattern="/v1/disputes/{}/close", operation="other", handler=disputes.close),
    ]


def _reading_routes(reading: Reading, balance: Balance) -> list[Route]:
    ledger = "/v1/balance_transactions"
    return [
        Route(method="GET", pattern="/v1/charges", operation="status", handler=reading.list_charges),
        Route(method="GET", pattern="/v1/charges/{}", operation="status", handler=reading.retrieve_charge),
        Route(method="GET", pattern="/v1/events", operation="other", handler=reading.list_events),
        Route(method="GET", pattern="/v1/events/{}", operation="other", handler=reading.retrieve_event),
        Route(method="GET", pattern="/v1/balance", operation="other", handler=balance.show),
        Route(method="GET", pattern=ledger, operation="other", handler=balance.list),
        Route(method="GET", pattern=ledger + "/{}", operation="other", handler=balance.retrieve),
    ]


def _params(request: Request) -> Json:
    if request.method == "POST" and "json" in request.headers.get("content-type", ""):
        raise errors.invalid(_NOT_JSON)
    text = request.body.decode("utf-8", "replace") if request.method == "POST" else request.query
    try:
        return forms.decode(text)
    except forms.BadForm as error:
        raise errors.invalid(f"Invalid request: {error}") from error


def _expand(params: Json) -> list[str]:
    raw = params.get("expand", [])
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise errors.invalid("Invalid array", param="expand")
    return list(raw)


def _fingerprint(request: Request) -> bytes:
    return idempotency.fingerprint(
        method=request.method, path=request.path, canonical=b"&".join(sorted(request.body.split(b"&")))
    )


def _mismatch(key: str) -> Answer:
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a"
        f" key other than '{key}' if you meant to execute a different request."
    )
    return errors.answer(status=400, type="idempotency_error", message=message)


def _stamp(answer: Answer, request_id: str) -> Answer:
    answer.headers.append((b"request-id", request_id.encode()))
    answer.headers.append((b"stripe-version", b"2026-10-28.endive"))
    return answer
