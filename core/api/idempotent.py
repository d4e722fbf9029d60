"""POSTs that do their work once per Idempotency-Key, however often they are sent."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.http import HttpResponse
from rest_framework.request import Request

from core.api.views import ApiView
from core.resilience import idempotency, retry

HEADER = "HTTP_IDEMPOTENCY_KEY"
Handler = Callable[..., HttpResponse]
_RNG = random.Random()  # noqa: S311 - jitter, no secret


def idempotent(operation: str, *, before: str = "") -> Callable[[Handler], Handler]:
    """Make a handler of an ``ApiView`` run in one database transaction with the record of its answer.

    The handler returns an ``HttpResponse`` with a body (``encoding.response``); if it has an attribute ``stored``,
    those bytes are what a replay gets. What it raises undoes everything, the record too, so the same key may be sent
    again. The scope is the caller, ``operation`` and the ids in the address. ``before`` names a method of the view that
    is called with the request outside the database transaction, unless the key has its answer already: what asks the
    outside goes there.
    Raises: InvalidInput (``idempotency_key_required``), InProgress, KeyReused, and what the handler raises.
    """

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def once(view: ApiView, request: Request, **parts: Any) -> HttpResponse:
            key = idempotency.check_key(request.META.get(HEADER))
            scope = ":".join((view.principal.actor, operation, *(str(part) for part in parts.values())))

            # Read before DRF parses it, for the stream can be read only once.
            raw = request._request.body
            if before and not idempotency.is_known(scope=scope, key=key):
                getattr(view, before)(request)
            work = functools.partial(handler, view, request, **parts)
            return _run(functools.partial(_once, scope=scope, key=key, raw=raw, work=work))

        once.idempotent_operation = operation  # type: ignore[attr-defined]  # read by core.api.openapi
        return once

    return decorate


def _run(unit: Callable[[], HttpResponse]) -> HttpResponse:
    if connection.in_atomic_block:
        with transaction.atomic():
            return unit()
    return retry.unit_of_work(work=unit, rng=_RNG)


def _once(*, scope: str, key: str, raw: bytes, work: Callable[[], HttpResponse]) -> HttpResponse:
    begun = idempotency.begin(scope=scope, key=key, body=raw)
    if isinstance(begun, idempotency.Replay):
        headers = {**begun.headers, "Idempotency-Replayed": "true"}
        return HttpResponse(begun.body, status=begun.status, headers=headers)
    response = work()
    stored: bytes = getattr(response, "stored", response.content)
    idempotency.finish(fresh=begun, status=response.status_code, headers=dict(response.headers), body=stored)
    return response
