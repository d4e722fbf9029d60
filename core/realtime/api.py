"""POST /ws-tickets: permission to open one socket."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request

from core.api import encoding
from core.api.views import ApiView
from core.identity.principals import Scope
from core.realtime import tickets

PATH = "/ws/v1/stream/"


class TicketAnswer(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text="Goes as the subprotocol ticket.<this>; works once.")
    url = serializers.CharField()
    expires_at = serializers.DateTimeField()


class WsTicketsView(ApiView):
    """A ticket lets its customer open one socket within 30 seconds. Frozen customers may look, so they may listen."""

    tag = "live"
    scopes: ClassVar[dict[str, Scope]] = {"POST": Scope.READ}
    open_when_frozen = True

    @extend_schema(request=None, responses={201: TicketAnswer}, operation_id="ws_tickets_create")
    def post(self, request: Request) -> HttpResponse:
        customer_id = self.principal.customer_id
        if customer_id is None:
            raise exceptions.PermissionDenied(detail="Only customers have a live feed.")
        ticket = tickets.issue(customer_id=customer_id)
        url = settings.LIVE_URL.rstrip("/") + PATH
        return encoding.response({"ticket": ticket.secret, "url": url, "expires_at": ticket.expires_at}, status=201)
