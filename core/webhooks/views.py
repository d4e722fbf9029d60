"""POST /webhooks/{provider}: verify, keep, answer. What it means is found out later, in sets."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from core.api import context
from core.api.problems import Problem
from core.kernel import errors
from core.providers import registry
from core.providers.contract import Delivery, SignatureInvalid
from core.webhooks import inbox

BODY_BYTES = 262_144
_HEADERS = 40
_HEADER_CHARACTERS = 2000
_NOT_KEPT = frozenset({"HTTP_COOKIE", "HTTP_AUTHORIZATION"})
_PLAIN = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}


@csrf_exempt
def receive(request: HttpRequest, provider: str) -> HttpResponse:
    """Answer 200 once a verified delivery is in the inbox, a problem otherwise; doubled ones are welcome."""
    if request.method != "POST":
        return Problem(
            status=405, code="method_not_allowed", detail="Webhooks are posted.", headers={"Allow": "POST"}
        ).response()
    try:
        adapter = registry.get(provider)
    except errors.NotFound as error:
        return Problem(status=404, code=error.code, detail=error.detail).response()
    if _length(request) > BODY_BYTES:
        return Problem(status=413, code="body_too_large", detail="The body is too large.").response()
    delivery = Delivery(body=request.body, headers=_headers(request))
    correlation_id = context.current().correlation_id
    try:
        news = adapter.parse_webhook(delivery)
    except SignatureInvalid as error:
        inbox.reject(provider=adapter.code, delivery=delivery, error=error, correlation_id=correlation_id)
        return Problem(status=400, code=error.code, detail=error.detail).response()
    inbox.store(provider=adapter.code, delivery=delivery, news=news, correlation_id=correlation_id)
    return HttpResponse(b'{"received":true}', content_type="application/json")


def _length(request: HttpRequest) -> int:
    given = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(given) if given.isascii() and given.isdigit() else 0


def _headers(request: HttpRequest) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in request.META.items():
        if name.startswith("HTTP_") and name not in _NOT_KEPT:
            found[name[5:].replace("_", "-").lower()] = _text(value)
        elif name in _PLAIN:
            found[_PLAIN[name]] = _text(value)
        if len(found) == _HEADERS:
            break
    return found


def _text(value: object) -> str:
    return str(value)[:_HEADER_CHARACTERS].replace("\0", "")
