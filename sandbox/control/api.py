"""The control endpoints, JSON in and out; an error names the field and what it should be."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

import orjson

from sandbox.control import reading
from sandbox.control.reading import ControlRefused
from sandbox.engine.provider import Refused
from sandbox.engine.values import Answer, Json, Request, json_answer
from sandbox.engine.world import World
from sandbox.faults import scripts
from sandbox.increase import magic as increase_magic
from sandbox.increase.provider import IncreaseProvider
from sandbox.kraken import magic as kraken_magic
from sandbox.stripe import desk
from sandbox.stripe import magic as stripe_magic
from sandbox.stripe.provider import StripeProvider

_MOST_ROWS = 1_000
_FARTHEST_S = 10 * 365 * 86_400

Handler = Callable[[Json, Json], object]


class Control:
    """Everything under /_control."""

    def __init__(
        self,
        *,
        world: World,
        stripe: StripeProvider,
        increase: IncreaseProvider,
        more: Mapping[tuple[str, str], Handler],
    ) -> None:
        """Needs: ``more``, the controls of one provider that are its own affair."""
        self._world = world
        self._stripe = stripe
        self._increase = increase
        self._handlers: dict[tuple[str, str], Handler] = {
            ("GET", "health"): self._health,
            ("GET", "faults"): self._show_faults,
            ("PUT", "faults"): self._put_faults,
            ("DELETE", "faults"): self._delete_faults,
            ("GET", "book"): self._book,
            ("GET", "clock"): lambda _query, _body: self._world.clock.show(),
            ("POST", "clock"): self._advance,
            ("GET", "magic"): lambda _query, _body: magic_table(),
            ("POST", "disputes"): self._open_dispute,
            ("POST", "payments"): self._settle_payment,
            ("POST", "funds"): self._fund,
            ("GET", "webhooks"): self._webhooks,
            ("POST", "webhooks"): self._resend,
            **more,
        }

    def serve(self, request: Request) -> Answer:
        """Answer one control call. Needs an open change."""
        name = request.path.removeprefix("/_control/").rstrip("/")
        handler = self._handlers.get((request.method, name))
        try:
            if handler is None:
                known = sorted({f"{method} /_control/{word}" for method, word in self._handlers})
                raise ControlRefused(field="", message=f"there is no such control; there are {known}", status=404)
            query = dict(parse_qsl(request.query, keep_blank_values=True))
            return json_answer(handler(query, reading.body(request.body)))
        except scripts.BadScript as error:
            return _error(error.field, error.message, status=400)
        except ControlRefused as error:
            return _error(error.field, error.message, status=error.status)
        except Refused as refused:
            return refused.answer

    def _health(self, _query: Json, _body: Json) -> object:
        return {
            "status": "ok",
            "clock": self._world.clock.show(),
            "timers": self._world.timers.pending(),
            "webhooks": self._world.deliveries.show(),
            "faults": len(self._world.faults.show()),
        }

    def _show_faults(self, _query: Json, _body: Json) -> object:
        return {"faults": self._world.faults.show()}

    def _put_faults(self, _query: Json, body: Json) -> object:
        """Set one script, or several at once: all hold or none is set."""
        raw = body.get("faults", [body])
        if not isinstance(raw, list) or not raw:
            raise ControlRefused(field="faults", message="must be a list of scripts")
        for script in [scripts.parse(one) for one in raw]:
            self._world.faults.put(script)
        return self._show_faults({}, {})

    def _delete_faults(self, query: Json, _body: Json) -> object:
        reading.only(query, "id", "provider", "operation")
        return {"removed": self._world.faults.remove(**query), "faults": self._world.faults.show()}

    def _book(self, query: Json, _body: Json) -> object:
        """Return rows oldest first, and totals over everything that matches."""
        reading.only(query, *self._world.book.filters, "limit", "after")
        limit = reading.whole(query.pop("limit", "100"), "limit", low=1, high=_MOST_ROWS)
        after = reading.whole(query.pop("after", "0"), "after", low=0, high=2**62)
        rows = self._world.book.rows(filters=query, limit=limit + 1, after=after)
        return {
            "rows": rows[:limit],
            "next_after": rows[limit - 1]["seq"] if len(rows) > limit else None,
            "totals": self._world.book.totals(filters=query),
        }

    def _advance(self, _query: Json, body: Json) -> object:
        """Push the clock; what became due happens at once, in order."""
        reading.only(body, "advance_seconds")
        seconds = body.get("advance_seconds")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= _FARTHEST_S:
            raise ControlRefused(field="advance_seconds", message=f"must be a number from 0 to {_FARTHEST_S}")
        self._world.clock.advance(seconds=float(seconds))
        self._world.store.after_commit(self._world.timers.arm)
        return self._world.clock.show()

    def _open_dispute(self, _query: Json, body: Json) -> object:
        """Open a dispute on ``charge`` or ``payment_intent``, or end ``dispute`` with ``outcome`` won or lost."""
        reading.only(body, "charge", "payment_intent", "reason", "amount", "dispute", "outcome")
        if "dispute" in body:
            outcome = reading.one_of(body, "outcome", ("won", "lost"))
            found = self._stripe.desk.get(id=str(body["dispute"]), type="dispute", param="id")
            return self._stripe.disputes.end(dispute=found, won=outcome == "won", call=None)
        charge = self._charge(body)
        amount = body.get("amount", charge["amount"])
        reason = str(body.get("reason", "fraudulent"))
        return self._stripe.disputes.open(
            charge=charge, reason=reason, amount=reading.whole(amount, "amount", low=1, high=charge["amount"])
        )

    def _charge(self, body: Json) -> Json:
        charge_id = body.get("charge")
        if charge_id is None and "payment_intent" in body:
            intent = self._stripe.desk.get(id=str(body["payment_intent"]), type="payment_intent", param="id")
            charge_id = intent["latest_charge"]
        if not isinstance(charge_id, str):
            raise ControlRefused(field="charge", message="needs charge, or payment_intent that was charged")
        return self._stripe.desk.get(id=charge_id, type="charge", param="id")

    def _settle_payment(self, _query: Json, body: Json) -> object:
        """End a payment that stays processing."""
        reading.only(body, "payment_intent", "outcome")
        outcome = reading.one_of(body, "outcome", ("succeeded", "failed"))
        found = self._stripe.desk.get(id=str(body.get("payment_intent", "")), type="payment_intent", param="id")
        if found["status"] != "processing":
            raise ControlRefused(field="payment_intent", message=f"is {found['status']}, not processing", status=409)
        self._stripe.charging.settle(intent=found, fails=outcome == "failed", call=None)
        return desk.public(found)

    def _fund(self, _query: Json, body: Json) -> object:
        """Put money on an account at Increase."""
        reading.only(body, "amount", "account_id")
        account_id = str(body.get("account_id", self._world.settings.increase_account_id))
        amount = reading.whole(body.get("amount"), "amount", low=1, high=10**14)
        self._increase.accounts.fund(account_id=account_id, amount=amount)
        return {"account_id": account_id, "balance": self._increase.desk.available(account_id)}

    def _webhooks(self, query: Json, _body: Json) -> object:
        """Return the newest deliveries, and how many there are in each state."""
        reading.only(query, "state", "limit", "object_id")
        limit = reading.whole(query.get("limit", "100"), "limit", low=1, high=_MOST_ROWS)
        rows = self._world.store.read(
            "SELECT d.id, e.id, e.type, e.object_id, d.endpoint, d.state, d.tries FROM deliveries d"
            " JOIN events e ON e.seq = d.event_seq WHERE (?1 = '' OR d.state = ?1) AND (?2 = '' OR e.object_id = ?2)"
            " ORDER BY d.id DESC LIMIT ?3",
            (query.get("state", ""), query.get("object_id", ""), limit),
        )
        names = ("delivery", "event", "type", "object_id", "endpoint", "state", "tries")
        shown = [dict(zip(names, row, strict=True)) for row in rows]
        return {"deliveries": shown, "states": self._world.deliveries.show()}

    def _resend(self, _query: Json, body: Json) -> object:
        """Send kept events again: one, those of one object, or all; any number of times, shuffled by a seed."""
        reading.only(body, "provider", "event", "object_id", "times", "shuffle_seed")
        provider = reading.one_of(body, "provider", ("stripe", "increase"))
        times = reading.whole(body.get("times", 1), "times", low=1, high=100)
        rows = self._world.store.read(
            "SELECT seq, id, type FROM events WHERE provider = ?1 AND (?2 = '' OR id = ?2)"
            " AND (?3 = '' OR object_id = ?3) ORDER BY seq",
            (provider, str(body.get("event", "")), str(body.get("object_id", ""))),
        )
        queue = [(int(seq), str(id_), str(type_)) for seq, id_, type_ in rows] * times
        if "shuffle_seed" in body:
            random.Random(str(body["shuffle_seed"])).shuffle(queue)  # noqa: S311 - must be repeatable
        return {"queued": self._world.deliveries.resend(rows=queue, provider=provider)}


def magic_table() -> Json:
    """Return what the magic amounts and account numbers do."""
    return {
        "stripe": [{"amount": cents, "does": words} for cents, (words, _) in sorted(stripe_magic.AMOUNTS.items())],
        "increase": [
            *({"amount": cents, "does": words} for cents, (words, _) in sorted(increase_magic.AMOUNTS.items())),
            *(
                {"account_number": number, "does": words}
                for number, (words, _) in increase_magic.ACCOUNT_NUMBERS.items()
            ),
        ],
        "kraken": [{"volume": number, "does": words} for number, (words, _) in sorted(kraken_magic.VOLUMES.items())],
    }


def _error(field: str, message: str, *, status: int) -> Answer:
    return Answer(status=status, body=orjson.dumps({"error": {"field": field, "message": message}}))
