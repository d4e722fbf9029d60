"""Endpoints that do nothing but show what the toolkit does; the tests put them where the platform's stand."""

from typing import ClassVar

from django.db import OperationalError
from django.http import HttpResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.request import Request

from core.api import bodies, context, encoding, handlers
from core.api.idempotent import idempotent
from core.api.views import ApiView, PublicView, StaffView
from core.identity.models import Device
from core.identity.principals import Scope
from core.kernel import errors

raised: dict[str, Exception] = {
    "invalid": errors.InvalidInput(code="invalid_amount", detail="Not an amount.", pointer="/source/amount"),
    "not_found": errors.NotFound(detail="There is no such thing."),
    "conflict": errors.Conflict(code="too_late", detail="It was sent."),
    "refused": errors.Refused(code="insufficient_funds", detail="You have 5.00 USD."),
    "down": errors.ConnectionFault(code="stripe_down", detail="key sk_live_123 refused"),
    "system": errors.SystemFault(detail="secret internals"),
    "bug": KeyError("secret internals"),
    "database": OperationalError("secret internals"),
    "serializer": serializers.ValidationError({"a": {"b~/": [serializers.ErrorDetail("Bad.", code="bad")]}}),
}


class RaiseView(PublicView):
    def get(self, request: Request, name: str) -> HttpResponse:
        raise raised[name]


class EchoView(ApiView):
    rate_scope = "create"
    scopes: ClassVar[dict[str, Scope]] = {"POST": Scope.TRANSACT, "PUT": Scope.QUOTES}

    def get(self, request: Request) -> HttpResponse:
        now = context.current()
        return encoding.response({"request_id": now.request_id, "correlation_id": now.correlation_id})

    def post(self, request: Request) -> HttpResponse:
        return encoding.response(bodies.of(request))

    def put(self, request: Request) -> HttpResponse:
        return encoding.response({})


class MakeView(ApiView):
    """Makes a row, so that it can be seen how often the work was done."""

    @idempotent("door.make")
    def post(self, request: Request, **parts: str) -> HttpResponse:
        body = bodies.of(request)
        row = Device.objects.create(
            user_id=self.principal.user_id,
            fingerprint=bodies.text(body, "name"),
            label="made",
            first_seen_at="2026-01-01T00:00:00Z",
            last_seen_at="2026-01-01T00:00:00Z",
        )
        if body.get("fail"):
            raise errors.Refused(code="no", detail="No.")
        headers = {"Location": f"/x/{row.id.hex}", "ETag": '"1"'}
        return encoding.response({"id": row.id.hex}, status=201, headers=headers)


class ForStaffView(StaffView):
    def get(self, request: Request) -> HttpResponse:
        return encoding.response({"actor": self.principal.actor})

    post = get


api = [
    path("staff", ForStaffView.as_view()),
    path("raise/<str:name>", RaiseView.as_view()),
    path("echo", EchoView.as_view()),
    path("make", MakeView.as_view()),
    path("make/<str:thing_id>", MakeView.as_view()),
    path("", include("core.api.urls")),
]


def broken(request: object) -> HttpResponse:
    raise RuntimeError("secret internals")


urlpatterns = [path("api/v1/", include(api)), path("livez", broken), *handlers.fallbacks]
handler400 = handlers.bad_request
handler403 = handlers.forbidden
handler404 = handlers.not_found
handler500 = handlers.server_error
