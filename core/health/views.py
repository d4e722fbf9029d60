"""/livez, /readyz, /healthz and /metrics: plain views, so that they answer whatever else is ill."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from core.api import encoding, handlers
from core.health import metrics, results, runner
from core.health.runner import Report, Status
from core.identity import addresses, staff_mfa

_LOOPBACK = ("127.0.0.0/8", "::1/128")
_PLAIN = {"Cache-Control": "no-store"}


@require_safe
def livez(_request: HttpRequest) -> HttpResponse:
    """Answer that this process serves requests. Nothing else is asked, or an ill database would have it killed."""
    return encoding.response({"status": "ok"}, headers=_PLAIN)


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Say whether requests should be sent here: the parts without which nothing goes."""
    report = runner.run_critical()
    return _answer({"status": "ready" if report.status is Status.OK else "not_ready", **_summary(report)}, report)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say how each component is: in one word for everybody, in detail for staff who proved a second factor."""
    report = runner.run()
    shown = {"status": report.status.value, **(_detail(report) if _is_staff(request) else _summary(report))}
    return _answer(shown, report)


@require_safe
def scrape(request: HttpRequest) -> HttpResponse:
    """Give the gauges to addresses of ours. For everybody else there is nothing here."""
    if not _is_internal(request):
        return handlers.no_such_route(request)
    return HttpResponse(metrics.render(), content_type=CONTENT_TYPE_LATEST, headers=_PLAIN)


def _answer(shown: dict[str, Any], report: Report) -> HttpResponse:
    return encoding.response(shown, status=503 if report.status is Status.DOWN else 200, headers=_PLAIN)


def _summary(report: Report) -> dict[str, Any]:
    return {"components": {component.name: _word(ok=component.ok) for component in report.components}}


def _detail(report: Report) -> dict[str, Any]:
    return {
        "components": {
            component.name: {
                "status": _word(ok=component.ok),
                "critical": component.critical,
                "detail": component.detail,
                "took_ms": component.took_ms,
            }
            for component in report.components
        },
        "last_results": _last_results(),
    }


def _last_results() -> dict[str, Any]:
    try:
        return {
            row.name: {"status": _word(ok=row.ok), "detail": row.detail, "checked_at": row.checked_at}
            for row in results.all_of()
        }
    except DatabaseError:
        return {}


def _word(*, ok: bool) -> str:
    return "ok" if ok else "ill"


def _is_staff(request: HttpRequest) -> bool:
    try:
        return staff_mfa.is_verified(request)
    except DatabaseError:  # the session cannot be read: then only the summary
        return False


def _is_internal(request: HttpRequest) -> bool:
    """Tell whether the caller's own address is allowed. A forwarded request of a proxy that we do not know is not."""
    if "HTTP_X_FORWARDED_FOR" in request.META and not settings.TRUSTED_PROXIES:
        return False
    address = ipaddress.ip_address(addresses.of_request(request))
    allowed = getattr(settings, "METRICS_ALLOW", _LOOPBACK)
    return any(address in ipaddress.ip_network(network) for network in allowed)
