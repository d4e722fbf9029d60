"""Charges and events, which are only read."""

from __future__ import annotations

import orjson

from sandbox.engine.provider import Call
from sandbox.engine.values import Answer, Json
from sandbox.stripe import desk
from sandbox.stripe.desk import Desk
from sandbox.stripe.wire import errors, parameters


class Reading:
    """The endpoints under /v1/charges and /v1/events."""

    def __init__(self, *, desk: Desk) -> None:
        self._desk = desk

    def retrieve_charge(self, call: Call) -> Answer:
        """GET /v1/charges/{}."""
        return self._desk.show(call, self._desk.get(id=call.names[0], type="charge"))

    def list_charges(self, call: Call) -> Answer:
        """GET /v1/charges."""
        selection = parameters.selection(call.params, type="charge", filters=("payment_intent", "customer"))
        return self._desk.show_page(call, self._desk.world.objects.page(selection))

    def retrieve_event(self, call: Call) -> Answer:
        """GET /v1/events/{}."""
        rows = self._desk.world.store.read(
            "SELECT body FROM events WHERE id = ? AND provider = ?", (call.names[0], desk.CODE)
        )
        if not rows:
            raise errors.missing("event", call.names[0])
        return self._desk.show(call, orjson.loads(rows[0][0]))

    def list_events(self, call: Call) -> Answer:
        """GET /v1/events, newest first; ``type`` may end in ``*``, ``types`` lists several."""
        selection = parameters.selection(call.params, type="event", filters=("type", "types", "delivery_success"))
        wanted = _types(call.params) or ["*"]
        side, order = (">", "ASC") if selection.before else ("<", "DESC")
        either = " OR ".join(["type GLOB ?"] * len(wanted))
        rows = self._desk.world.store.read(
            f"SELECT body FROM events WHERE provider = ? AND seq {side} ? AND ({either})"  # noqa: S608 - constants only
            f" ORDER BY seq {order} LIMIT ?",
            (desk.CODE, self._position(selection.before or selection.after), *wanted, selection.limit + 1),
        )
        items: list[Json] = [orjson.loads(row[0]) for row in rows[: selection.limit]]
        return self._desk.show_list(call, items[::-1] if selection.before else items, more=len(rows) > selection.limit)

    def _position(self, id: str) -> int:  # noqa: A002 - Stripe's word
        if not id:
            return 2**62
        rows = self._desk.world.store.read("SELECT seq FROM events WHERE id = ?", (id,))
        return int(rows[0][0]) if rows else 0


def _types(params: Json) -> list[str]:
    if "types" in params:
        return [str(one) for one in params["types"]] if isinstance(params["types"], list) else [str(params["types"])]
    return [params["type"]] if "type" in params else []
