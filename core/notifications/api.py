"""GET /notifications and POST /notifications/{id}/read."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.api import encoding, openapi, pagination
from core.api.views import ApiView
from core.identity import customers
from core.identity.principals import Scope
from core.kernel import errors, ids
from core.notifications import inbox


class NotificationAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    notification_type = serializers.CharField(help_text="Such as transaction.completed.")
    title = serializers.CharField()
    body = serializers.CharField()
    transaction_id = serializers.CharField(allow_null=True)
    details = serializers.DictField()
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class _NotificationsView(ApiView):
    tag = "notifications"
    scopes: ClassVar[dict[str, Scope]] = {"POST": Scope.READ}
    open_when_frozen = True

    @property
    def customer_id(self) -> UUID:
        customer_id = self.principal.customer_id
        if customer_id is None:
            raise customers.CustomerNotFound(detail="You are not a customer.")
        return customer_id


class NotificationsView(_NotificationsView):
    """What the caller was told, newest first."""

    @extend_schema(
        parameters=[*openapi.PAGING, OpenApiParameter("unread", bool, description="true: only what was not read.")],
        responses={200: openapi.page_of(NotificationAnswer)},
        operation_id="notifications_list",
    )
    def get(self, request: Request) -> HttpResponse:
        asked = request.query_params.get("unread", "false")
        if asked not in {"true", "false"}:
            raise errors.InvalidInput(code="invalid_filter", detail="unread is true or false.", pointer="/query/unread")
        rows = inbox.of_customer(customer_id=self.customer_id, unread_only=asked == "true")
        page, found = pagination.paginate(request, rows, filters=("unread",))
        return encoding.response(pagination.envelope(found, page=page, key=lambda row: row.id, render=inbox.shown))


class NotificationReadView(_NotificationsView):
    """Mark one as read; doing so twice is the same as once."""

    @extend_schema(request=None, responses={200: NotificationAnswer}, operation_id="notifications_read")
    def post(self, request: Request, notification_id: str) -> HttpResponse:
        id_ = ids.parse(ids.Prefix.NOTIFICATION, notification_id)
        row = inbox.mark_read(customer_id=self.customer_id, notification_id=id_)
        return encoding.response(inbox.shown(row))
