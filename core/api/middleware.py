"""The outermost middleware: gives every request its ids and writes one log line about it."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from core.api import context

_log = structlog.get_logger("diboas.request")


class ContextMiddleware:
    """Sets the context, and sends ``Request-Id`` and ``X-Correlation-Id`` back on every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        ids = context.new(request.META.get("HTTP_X_CORRELATION_ID", ""))
        with context.bound(ids):
            response = self._get_response(request)
            response.headers["Request-Id"] = ids.request_id
            response.headers["X-Correlation-Id"] = ids.correlation_id
            _log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                duration_ms=round((time.perf_counter() - started) * 1000, 1),
            )
        return response
