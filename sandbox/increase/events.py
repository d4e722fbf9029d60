"""Events, which are polled, and event subscriptions, which are told."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

import orjson

from sandbox.engine.clock import iso
from sandbox.engine.provider import Call
from sandbox.engine.values import Answer, Json
from sandbox.increase import desk, errors, parameters
from sandbox.increase.desk import HIDDEN, Desk
from sandbox.webhooks import signing
from sandbox.webhooks.deliveries import Endpoint

_STATUSES = ("active", "disabled")


class Events:
    """The endpoints under /events and /event_subscriptions."""

    def __init__(self, *, desk: Desk) -> None:
        self._desk = desk

    def attach_all(self) -> None:
        """Tell the endpoint of the settings and every active subscription."""
        settings = self._desk.world.settings
        if settings.increase_webhook_url:
            self._attach(
                id=desk.CODE,
                url=settings.increase_webhook_url,
                keys=settings.increase_webhook_secrets,
                types=settings.increase_webhook_events,
            )
        for (raw,) in self._desk.world.store.read("SELECT data FROM objects WHERE type = 'event_subscription'"):
            self._follow(orjson.loads(raw))

    def retrieve(self, call: Call) -> Answer:
        """GET /events/{}."""
        rows = self._desk.world.store.read(
            "SELECT body FROM events WHERE id = ? AND provider = ?", (call.names[0], desk.CODE)
        )
        if not rows:
            raise errors.missing("event")
        return desk.show(orjson.loads(rows[0][0]))

    def list(self, call: Call) -> Answer:
        """GET /events, newest first."""
        filters = ("associated_object_id", "category.in")
        selection = parameters.selection(call.params, type="event", filters=filters)
        rows = self._desk.world.store.read(
            "SELECT body FROM events WHERE provider = ? AND (? = '' OR object_id = ?)"
            " AND seq < coalesce((SELECT seq FROM events WHERE id = ?), 9e18) ORDER BY seq DESC LIMIT 10000",
            (desk.CODE, *[call.params.get("associated_object_id", "")] * 2, selection.after),
        )
        found: list[Json] = []
        for row in rows:
            item = orjson.loads(row[0])
            if selection.keeps is None or selection.keeps(item):
                found.append(item)
            if len(found) > selection.limit:
                break
        return desk.show_list(found[: selection.limit], more=len(found) > selection.limit)

    def subscribe(self, call: Call) -> Answer:
        """POST /event_subscriptions."""
        params = call.params
        parameters.known(params, "url", "shared_secret", "selected_event_categories", "status", "oauth_connection_id")
        url = parameters.needed(params, "url", longest=500)
        if urlsplit(url).scheme not in ("http", "https"):
            raise errors.invalid("url", "must be an http or https address")
        made: Json = {
            "id": desk.new_id("event_subscription"),
            "created_at": iso(self._desk.now()),
            "idempotency_key": call.key or None,
            "oauth_connection_id": None,
            "selected_event_categories": _categories(params),
            "status": parameters.choice(params, "status", _STATUSES),
            "type": "event_subscription",
            "url": url,
            HIDDEN: {"secret": parameters.text(params, "shared_secret") or secrets.token_urlsafe(32)},
        }
        self._desk.world.objects.add(type="event_subscription", data=made)
        call.resource_id = made["id"]
        self._desk.world.store.after_commit(lambda: self._follow(made))
        return desk.show(made)

    def change_subscription(self, call: Call) -> Answer:
        """PATCH /event_subscriptions/{}: status only."""
        parameters.known(call.params, "status")
        found = self._desk.get(id=call.names[0], type="event_subscription")
        found["status"] = parameters.choice(call.params, "status", (*_STATUSES, "deleted"))
        self._desk.world.objects.save(data=found)
        self._desk.world.store.after_commit(lambda: self._follow(found))
        return desk.show(found)

    def retrieve_subscription(self, call: Call) -> Answer:
        """GET /event_subscriptions/{}."""
        return desk.show(self._desk.get(id=call.names[0], type="event_subscription"))

    def list_subscriptions(self, call: Call) -> Answer:
        """GET /event_subscriptions."""
        selection = parameters.selection(call.params, type="event_subscription", filters=("idempotency_key",))
        return desk.show_page(self._desk.world.objects.page(selection))

    def _follow(self, subscription: Json) -> None:
        if subscription["status"] != "active":
            self._desk.world.deliveries.detach(id=subscription["id"])
            return
        chosen = subscription["selected_event_categories"]
        types = tuple(str(one["event_category"]) for one in chosen) if chosen else ("*",)
        secret = subscription[HIDDEN]["secret"]
        self._attach(id=subscription["id"], url=subscription["url"], keys=(secret,), types=types)

    def _attach(self, *, id: str, url: str, keys: tuple[str, ...], types: tuple[str, ...]) -> None:  # noqa: A002
        self._desk.world.deliveries.attach(
            Endpoint(
                id=id,
                provider=desk.CODE,
                operation="payout",
                url=url,
                types=types,
                sign=lambda event_id, body, at: signing.standard(id=event_id, body=body, secrets=keys, at=at),
            )
        )


def _categories(params: Json) -> list[Json] | None:
    raw = params.get("selected_event_categories")
    if raw is None:
        return None
    if not isinstance(raw, list) or not all(isinstance(one, dict) and "event_category" in one for one in raw):
        raise errors.invalid("selected_event_categories", "must be a list of {event_category}")
    return [{"event_category": str(one["event_category"])} for one in raw]
