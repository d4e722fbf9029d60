"""What every endpoint of the pretend Increase uses: ids, times, events, answers, account entries."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import orjson

from sandbox.engine.clock import iso
from sandbox.engine.objects import Page
from sandbox.engine.values import Answer, Json, json_answer
from sandbox.engine.world import World
from sandbox.increase import errors
from sandbox.webhooks.deliveries import Event

CODE = "increase"
HIDDEN = "_"


class Desk:
    """Shared by the endpoint modules; keeps nothing of its own."""

    def __init__(self, *, world: World) -> None:
        self.world = world

    def now(self) -> float:
        """Return Increase's time in unix seconds."""
        return self.world.clock.now()

    def get(self, *, id: str, type: str) -> Json:  # noqa: A002 - the wire's words
        """Return an object or refuse with Increase's object_not_found_error."""
        found = self.world.objects.find(type=type, id=id)
        if found is None:
            raise errors.missing(type.replace("_", " "))
        return found

    def emit(self, *, category: str, about: Json, at: float) -> None:
        """Keep a thin event and tell the endpoints. Needs an open change."""
        event = {
            "associated_object_id": about["id"],
            "associated_object_type": about["type"],
            "category": category,
            "created_at": iso(at),
            "id": new_id("event"),
            "type": "event",
        }
        self.world.deliveries.publish(
            Event(
                provider=CODE,
                id=event["id"],
                type=category,
                object_id=about["id"],
                group=about["id"],
                body=orjson.dumps(event),
            )
        )

    def enter(self, *, account_id: str, amount: int, at: float, description: str, source: Json) -> str:
        """Post one entry to an account (negative: money leaves) and return its id. Needs an open change."""
        made = {
            "id": new_id("transaction"),
            "account_id": account_id,
            "amount": amount,
            "created_at": iso(at),
            "currency": "USD",
            "description": description,
            "route_id": None,
            "route_type": None,
            "source": source,
            "type": "transaction",
        }
        self.world.objects.add(type="transaction", data=made, parent=account_id)
        self.world.funds.move(account=account_id, currency="USD", net=amount)
        self.emit(category="transaction.created", about=made, at=at)
        return str(made["id"])

    def available(self, account_id: str) -> int:
        """Return what an account can pay, in cents."""
        return self.world.funds.totals(account=account_id).get("USD", 0)


def show(item: Json) -> Answer:
    """Return an object as the answer."""
    return json_answer(public(item))


def show_page(page: Page) -> Answer:
    """Return a list as the answer; the cursor is the last item's id."""
    return show_list(page.items, more=page.more)


def show_list(items: Sequence[Json], *, more: bool = False) -> Answer:
    """Return these items as Increase's list."""
    shown = [public(item) for item in items]
    return json_answer({"data": shown, "next_cursor": shown[-1]["id"] if more else None})


def public(item: Json) -> Json:
    """Return what the wire may show of an object."""
    return {name: value for name, value in item.items() if name != HIDDEN}


def new_id(prefix: str) -> str:
    """Return a new id of Increase's form."""
    return f"{prefix}_{secrets.token_hex(10)}"
