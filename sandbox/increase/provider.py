"""Increase as the pipeline sees it: authentication, decoding, routes, idempotency, errors."""

from __future__ import annotations

from urllib.parse import parse_qsl

import orjson

from sandbox.engine import idempotency
from sandbox.engine.idempotency import Recorded
from sandbox.engine.provider import Call, Refused, Route, Routes
from sandbox.engine.values import Answer, Json, Request, json_answer
from sandbox.engine.world import World
from sandbox.increase import desk, errors, magic
from sandbox.increase.accounts import Accounts
from sandbox.increase.desk import Desk
from sandbox.increase.events import Events
from sandbox.increase.rails import Rails
from sandbox.increase.transfers import Transfers

_LONGEST_KEY = 200
_TYPES = ("ach_transfer", "event_subscription")


class IncreaseProvider:
    """The pretend Increase."""

    code = desk.CODE

    def __init__(self, *, world: World) -> None:
        self._world = world
        self.desk = Desk(world=world)
        self.accounts = Accounts(desk=self.desk)
        events = Events(desk=self.desk)
        transfers = Transfers(desk=self.desk, rails=Rails(desk=self.desk))
        self._routes = Routes([*_transfer_routes(transfers), *_account_routes(self.accounts), *_event_routes(events)])
        events.attach_all()
        with world.store.change():
            self.accounts.open_first()

    def open(self, request: Request) -> Call:
        """Authenticate, route and decode a request."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or key.strip() not in self._world.settings.increase_api_keys:
            raise errors.unauthorized()
        found = self._routes.find(method=request.method, path=request.path)
        if found is None:
            raise errors.no_such_method(request.method, request.path)
        route, names = found
        return _call(request, route, names)

    def run(self, call: Call) -> Answer:
        """Execute; a key belongs to the object that it made."""
        answer = call.handler(call)
        if call.key and call.resource_id:
            recorded = Recorded(
                fingerprint=call.fingerprint, status=answer.status, body=b"", resource_id=call.resource_id
            )
            self._world.keys.record(provider=desk.CODE, key=call.key, recorded=recorded, at=self._world.clock.now())
        return answer

    def broken(self, call: Call, *, status: int) -> Answer:
        """Answer with an error of Increase's own; it is not remembered, a retry finds the object if there is one."""
        return self.failure(status=status, call=call)

    def replay(self, call: Call) -> Answer | None:
        """Return the object that the key made, as it is now; refuse the key of another request."""
        found = self._world.keys.find(provider=desk.CODE, key=call.key)
        if found is None:
            return None
        if found.fingerprint != call.fingerprint:
            raise Refused(_already_used(found.resource_id))
        for type_ in _TYPES:
            item = self._world.objects.find(type=type_, id=found.resource_id)
            if item is not None:
                answer = desk.show(item)
                answer.headers.append((b"idempotent-replayed", b"true"))
                return answer
        return None

    def in_progress(self, call: Call) -> Answer:
        """Return the answer while the key is being worked on."""
        return errors.answer(
            status=409,
            type="invalid_operation_error",
            title="The operation is not possible.",
            detail=f"A request with the idempotency key {call.key} is being worked on.",
        )

    def failure(self, *, status: int, call: Call) -> Answer:
        """Return an error of Increase's own."""
        return errors.answer(
            status=status,
            type="internal_server_error",
            title="Something went wrong.",
            detail=f"A fault script of the sandbox wanted this for {call.operation}.",
        )

    def rate_limited(self, *, retry_after_s: int, call: Call) -> Answer:
        """Return Increase's 429."""
        answer = errors.answer(
            status=429,
            type="rate_limited_error",
            title="You are going too fast.",
            detail=f"Too many calls of {call.operation}.",
            retry_after=retry_after_s,
        )
        answer.headers.append((b"retry-after", str(retry_after_s).encode()))
        return answer


def _call(request: Request, route: Route, names: tuple[str, ...]) -> Call:
    writes = request.method in ("POST", "PATCH")
    params = _body(request.body) if writes else dict(parse_qsl(request.query, keep_blank_values=True))
    key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
    if len(key) > _LONGEST_KEY:
        raise errors.invalid("Idempotency-Key", "must be at most 200 characters")
    amount = params.get("amount")
    named = ("statement_descriptor", "individual_id", "individual_name")
    return Call(
        request=request,
        operation=route.operation,
        handler=route.handler,
        names=names,
        params=params,
        key=key,
        fingerprint=_fingerprint(request, params) if key else b"",
        amount=amount if isinstance(amount, int) else None,
        references=tuple(params[name] for name in named if isinstance(params.get(name), str)),
        magic=(
            magic.script_for(amount=amount, account_number=params.get("account_number"))
            if route.operation == "payout"
            else None
        ),
    )


def _body(raw: bytes) -> Json:
    if not raw:
        return {}
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise errors.malformed(str(error)) from error
    if not isinstance(body, dict):
        raise errors.malformed("The body must be a JSON object.")
    return body


def _fingerprint(request: Request, params: Json) -> bytes:
    canonical = orjson.dumps(params, option=orjson.OPT_SORT_KEYS)
    return idempotency.fingerprint(method=request.method, path=request.path, canonical=canonical)


def _already_used(resource_id: str) -> Answer:
    problem: Json = {
        "type": "idempotency_key_already_used_error",
        "title": "The idempotency key was used for another request.",
        "detail": f"It made {resource_id}.",
        "status": 409,
        "resource_id": resource_id,
    }
    return json_answer(problem, status=409)


def _transfer_routes(transfers: Transfers) -> list[Route]:
    base, simulated = "/ach_transfers", "/simulations/ach_transfers/{}"
    return [
        Route(method="POST", pattern=base, operation="payout", handler=transfers.create),
        Route(method="GET", pattern=base, operation="status", handler=transfers.list),
        Route(method="GET", pattern=base + "/{}", operation="status", handler=transfers.retrieve),
        Route(method="POST", pattern=base + "/{}/approve", operation="other", handler=transfers.approve),
        Route(method="POST", pattern=base + "/{}/cancel", operation="cancel", handler=transfers.cancel),
        Route(method="POST", pattern=simulated + "/submit", operation="other", handler=transfers.simulate_submit),
        Route(
            method="POST", pattern=simulated + "/acknowledge", operation="other", handler=transfers.simulate_acknowledge
        ),
        Route(method="POST", pattern=simulated + "/settle", operation="other", handler=transfers.simulate_settle),
        Route(method="POST", pattern=simulated + "/return", operation="other", handler=transfers.simulate_return),
    ]


def _account_routes(accounts: Accounts) -> list[Route]:
    ledger = "/transactions"
    return [
        Route(method="GET", pattern="/accounts", operation="other", handler=accounts.list),
        Route(method="GET", pattern="/accounts/{}", operation="other", handler=accounts.retrieve),
        Route(method="GET", pattern="/accounts/{}/balance", operation="other", handler=accounts.balance),
        Route(method="GET", pattern=ledger, operation="other", handler=accounts.list_transactions),
        Route(method="GET", pattern=ledger + "/{}", operation="other", handler=accounts.retrieve_transaction),
    ]


def _event_routes(events: Events) -> list[Route]:
    base = "/event_subscriptions"
    return [
        Route(method="GET", pattern="/events", operation="other", handler=events.list),
        Route(method="GET", pattern="/events/{}", operation="other", handler=events.retrieve),
        Route(method="POST", pattern=base, operation="other", handler=events.subscribe),
        Route(method="GET", pattern=base, operation="other", handler=events.list_subscriptions),
        Route(method="GET", pattern=base + "/{}", operation="other", handler=events.retrieve_subscription),
        Route(method="PATCH", pattern=base + "/{}", operation="other", handler=events.change_subscription),
    ]
