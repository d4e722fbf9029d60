"""The page of the customer's bank: authenticate or refuse a card payment by hand, or by one request."""

from __future__ import annotations

import hmac
from html import escape
from urllib.parse import parse_qs, urlencode

from sandbox.engine.provider import Call, Refused
from sandbox.engine.values import Answer, Json, Request, html_answer, json_answer
from sandbox.stripe import desk
from sandbox.stripe.charging import Charging
from sandbox.stripe.desk import Desk
from sandbox.stripe.wire import methods

PREFIX = "/_stripe/3ds/"
_OUTCOMES = ("success", "failure")
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Pretend bank</title>
<body style="font:16px system-ui;max-width:32rem;margin:4rem auto">
<h1>Pretend bank</h1><p>This page stands for the bank's 3-D Secure page. No real money is involved.</p>
<p>Pay <strong>{amount}</strong> to the diBoaS sandbox?</p>
<form method="post"><button name="outcome" value="success">Authenticate</button>
<button name="outcome" value="failure">Refuse</button></form></body></html>"""


class ThreeDS:
    """GET shows the page; ``outcome=success|failure`` in query or form decides."""

    def __init__(self, *, desk: Desk, charging: Charging) -> None:
        self._desk = desk
        self._charging = charging

    def serve(self, request: Request) -> Answer:
        """Answer the page or decide. Needs an open change."""
        given = parse_qs(request.query) | parse_qs(request.body.decode("utf-8", "replace"))
        intent = self._desk.world.objects.find(type="payment_intent", id=request.path.removeprefix(PREFIX))
        secret = given.get("client_secret", [""])[0]
        if intent is None or not hmac.compare_digest(intent["client_secret"].encode(), secret.encode()):
            return html_answer("<p>There is no such payment.</p>", status=404)
        if intent["status"] != "requires_action":
            return self._leave(intent, request)
        outcome = given.get("outcome", [""])[0]
        if outcome not in _OUTCOMES:
            amount = f"{intent['amount'] // 100}.{intent['amount'] % 100:02d} {intent['currency'].upper()}"
            return html_answer(_PAGE.format(amount=escape(amount)))
        self._decide(intent, request, succeeds=outcome == "success")
        return self._leave(intent, request)

    def _decide(self, intent: Json, request: Request, *, succeeds: bool) -> None:
        method = self._desk.get(id=intent["payment_method"], type="payment_method")
        call = Call(
            request=request,
            operation="charge",
            handler=_never,
            names=(),
            params={},
            key=intent[desk.HIDDEN]["key"],
            amount=intent["amount"],
            references=tuple(intent["metadata"].values()),
        )
        if succeeds:
            self._charging.execute(call=call, intent=intent, method=method)
            return
        why = methods.Decline(
            code="payment_intent_authentication_failure",
            decline_code="authentication_required",
            message="We are unable to authenticate your payment method.",
        )
        self._charging.fail(call=call, intent=intent, method=method, why=why)

    def _leave(self, intent: Json, request: Request) -> Answer:
        back = intent[desk.HIDDEN].get("return_url")
        if not back or "application/json" in request.headers.get("accept", ""):
            return json_answer({"id": intent["id"], "status": intent["status"]})
        marks = urlencode({"payment_intent": intent["id"], "redirect_status": intent["status"]})
        target = f"{back}{'&' if '?' in back else '?'}{marks}"
        return Answer(status=303, body=b"", headers=[(b"location", target.encode())], content_type=b"text/plain")


def _never(_call: Call) -> Answer:
    raise Refused(json_answer({}, status=500))
