"""GET and PATCH /me, PATCH /me/preferences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from core.api import bodies, encoding, etags
from core.api.endpoints import shapes
from core.api.views import ApiView
from core.identity import checks, customers
from core.identity.principals import Scope


class _MeView(ApiView):
    tag = "me"
    scopes: ClassVar[dict[str, Scope]] = {"PATCH": Scope.MANAGE}

    @property
    def customer_id(self) -> UUID:
        """Who this is about: always the caller."""
        customer_id = self.principal.customer_id
        if customer_id is None:
            raise customers.CustomerNotFound(detail="You are not a customer.")
        return customer_id

    def change(self, request: Request, fields: Callable[[customers.CustomerView], Mapping[str, Any]]) -> HttpResponse:
        """Write what ``fields`` makes of the customer, on condition of the version that it was made from."""
        before = customers.get(self.customer_id)
        etags.check(request, version=before.version)
        after = customers.change(customer_id=before.id, fields=fields(before), version=before.version)
        return _shown(after)


class MeView(_MeView):
    """Who am I."""

    @extend_schema(responses={200: shapes.MeAnswer}, operation_id="me_get")
    def get(self, request: Request) -> HttpResponse:
        return _shown(customers.get(self.customer_id))

    @extend_schema(request=shapes.MeBody, responses={200: shapes.MeAnswer}, operation_id="me_change")
    def patch(self, request: Request) -> HttpResponse:
        body = bodies.of(request, allowed=("display_name", "country"))
        fields: dict[str, Any] = {}
        if "display_name" in body:
            fields["display_name"] = checks.display_name(bodies.text(body, "display_name"))
        if "country" in body:
            fields["country"] = checks.country(bodies.text(body, "country", max_length=10))
        return self.change(request, lambda _: fields)


class PreferencesView(_MeView):
    """What a customer wants by default: cost or speed, the most that a fee or slippage may be."""

    @extend_schema(request=shapes.Preferences, responses={200: shapes.MeAnswer}, operation_id="me_preferences_change")
    def patch(self, request: Request) -> HttpResponse:
        body = bodies.of(request, allowed=tuple(shapes.Preferences().fields))
        checked = shapes.Preferences(data=body)
        checked.is_valid(raise_exception=True)
        # The checked form is not taken: it would turn "5.0" into another text than the customer sent.
        return self.change(request, lambda before: {"preferences": {**before.preferences, **body}})


def _shown(customer: customers.CustomerView) -> HttpResponse:
    return encoding.response(shapes.me(customer), headers={"ETag": etags.of(customer.version)})
