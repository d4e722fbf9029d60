"""What every endpoint of the pretend Stripe uses: ids, events, answers with expansion."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import orjson

from sandbox.engine.objects import Page
from sandbox.engine.provider import Call
from sandbox.engine.values import Answer, Json, json_answer
from sandbox.engine.world import World
from sandbox.stripe.wire import errors, shapes
from sandbox.webhooks.deliveries import Event

CODE = "stripe"
# Where an object keeps what the wire never shows.
HIDDEN = "_"
_TYPES = {
    "pi": "payment_intent",
    "ch": "charge",
    "py": "charge",
    "txn": "balance_transaction",
    "cus": "customer",
    "pm": "payment_method",
    "du": "dispute",
}
_DEEPEST_EXPANSION = 4


class Desk:
    """Shared by the endpoint modules; keeps nothing of its own."""

    def __init__(self, *, world: World) -> None:
        self.world = world

    def now(self) -> int:
        """Return Stripe's time in whole unix seconds."""
        return int(self.world.clock.now())

    def get(self, *, id: str, type: str, param: str = "id") -> Json:  # noqa: A002 - Stripe's words
        """Return an object or refuse with Stripe's resource_missing."""
        found = self.world.objects.find(type=type, id=id)
        if found is None:
            raise errors.missing(type, id, param=param)
        return found

    def emit(self, *, type: str, about: Json, call: Call | None, previous: Json | None = None) -> None:  # noqa: A002
        """Keep an event with a snapshot of the object and tell the endpoints. Needs an open change."""
        event_id = new_id("evt")
        data: Json = {"object": public(about)}
        if previous is not None:
            data["previous_attributes"] = previous
        event = {
            "id": event_id,
            "object": "event",
            "account": None,
            "api_version": shapes.API_VERSION,
            "context": None,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {
                "id": call.request_id if call else None,
                "idempotency_key": (call.key or None) if call else None,
            },
            "type": type,
        }
        self.world.deliveries.publish(
            Event(
                provider=CODE,
                id=event_id,
                type=type,
                object_id=about["id"],
                group=about.get("payment_intent") or about["id"],
                body=orjson.dumps(event),
            )
        )

    def show(self, call: Call, item: Json, *, status: int = 200) -> Answer:
        """Return an object as the answer, expanded as the call asked."""
        shown = public(item)
        for path in call.expand:
            self._expand([shown], path.split("."), path)
        return json_answer(shown, status=status)

    def show_page(self, call: Call, page: Page) -> Answer:
        """Return a list as the answer, its items expanded as the call asked (``data.…``)."""
        return self.show_list(call, page.items, more=page.more)

    def show_list(self, call: Call, items: Sequence[Json], *, more: bool) -> Answer:
        """Return these items as Stripe's list object."""
        shown = [public(item) for item in items]
        for path in call.expand:
            head, _, rest = path.partition(".")
            if head != "data" or not rest:
                raise errors.invalid(f"This property cannot be expanded ({path}).", param="expand")
            self._expand(shown, rest.split("."), path)
        return json_answer({"object": "list", "data": shown, "has_more": more, "url": call.request.path})

    def _expand(self, holders: Sequence[Json], names: list[str], path: str) -> None:
        if len(names) > _DEEPEST_EXPANSION:
            raise errors.invalid("You cannot expand more than 4 levels of a property.", param="expand")
        for holder in holders:
            if names[0] not in holder:
                raise errors.invalid(f"This property cannot be expanded ({path}).", param="expand")
            value = holder[names[0]]
            if isinstance(value, str):
                value = holder[names[0]] = self._by_id(value, path)
            if isinstance(value, dict) and len(names) > 1:
                self._expand([value], names[1:], path)

    def _by_id(self, id: str, path: str) -> Json:  # noqa: A002 - Stripe's word
        type_ = _TYPES.get(id.partition("_")[0])
        found = self.world.objects.find(type=type_, id=id) if type_ else None
        if found is None:
            raise errors.invalid(f"This property cannot be expanded ({path}).", param="expand")
        return self.refresh(public(found))

    def refresh(self, item: Json) -> Json:
        """Bring what depends on the clock up to date: a balance transaction becomes available by itself."""
        if item["object"] == "balance_transaction" and item["available_on"] <= self.now():
            item["status"] = "available"
        return item


def new_id(prefix: str) -> str:
    """Return a new id of Stripe's form."""
    return f"{prefix}_{secrets.token_hex(12)}"


def public(item: Json) -> Json:
    """Return what the wire may show of an object."""
    if HIDDEN not in item:
        return item
    return {name: value for name, value in item.items() if name != HIDDEN}
