"""Problems for what never reaches a view of ours: unknown addresses, errors in middleware, locked-out sign-ins.

Pages of the console keep Django's own error pages.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import re_path
from django.views import defaults

from core.api.problems import Problem

_MACHINE_PATHS = ("/api/", "/webhooks/", "/livez", "/readyz", "/healthz", "/metrics")
_LOCKED_S = 900


def is_for_machines(request: HttpRequest) -> bool:
    """Say whether the caller wants JSON rather than a page."""
    return request.path.startswith(_MACHINE_PATHS) or "text/html" not in request.META.get("HTTP_ACCEPT", "")


def no_such_route(_request: HttpRequest, **_parts: str) -> HttpResponse:
    """Answer for every address under /api/ and /webhooks/ that nobody serves."""
    return Problem(status=404, code="not_found", detail="There is nothing at this address.").response()


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not is_for_machines(request):
        return defaults.bad_request(request, exception)
    return Problem(status=400, code="bad_request", detail="The request is malformed.").response()


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not is_for_machines(request):
        return defaults.permission_denied(request, exception)
    return Problem(status=403, code="forbidden", detail="You may not do this.").response()


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not is_for_machines(request):
        return defaults.page_not_found(request, exception)
    return no_such_route(request)


def server_error(request: HttpRequest) -> HttpResponseBase:
    if not is_for_machines(request):
        return defaults.server_error(request)
    return Problem(status=500, code="internal_error", detail="Something went wrong on our side.").response()


def locked_out(
    request: HttpRequest, _original: HttpResponseBase | None = None, _credentials: dict[str, Any] | None = None
) -> HttpResponseBase:
    """Answer for a sign-in that axes refuses because of earlier failures."""
    headers = {"Retry-After": str(_LOCKED_S)}
    detail = "Too many failed attempts. Try again later."
    if not is_for_machines(request):
        return HttpResponse(detail, status=429, content_type="text/plain", headers=headers)
    return Problem(status=429, code="locked_out", detail=detail, headers=headers).response()


fallbacks = [re_path(r"^(?:api|webhooks)/", no_such_route)]
