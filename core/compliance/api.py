"""GET /compliance/profile and /compliance/limits: what a customer may do. Never rules, lists or cases."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.api import amounts, encoding
from core.api.views import ApiView
from core.compliance import limits
from core.identity import customers
from core.kernel.money import Money


class ComplianceAmount(serializers.Serializer[Any]):
    amount = serializers.CharField()
    asset = serializers.CharField()
    chain = serializers.CharField(required=False)


class ComplianceWindow(serializers.Serializer[Any]):
    limit = ComplianceAmount()
    used = ComplianceAmount()
    left = ComplianceAmount()


class ComplianceAllowance(serializers.Serializer[Any]):
    kind = serializers.CharField()
    single = ComplianceAmount()
    daily = ComplianceWindow()
    monthly = ComplianceWindow()
    most_now = ComplianceAmount(help_text="The most that one transaction may move right now.")


class ComplianceLimitsAnswer(serializers.Serializer[Any]):
    object = serializers.CharField()
    kyc_level = serializers.IntegerField()
    limits = ComplianceAllowance(many=True)


class ComplianceProfileAnswer(serializers.Serializer[Any]):
    object = serializers.CharField()
    kyc_level = serializers.IntegerField()
    is_verified = serializers.BooleanField(help_text="Whether the identity has been checked at all.")
    status = serializers.CharField()
    country = serializers.CharField()


class _ComplianceView(ApiView):
    tag = "compliance"

    @property
    def customer(self) -> customers.CustomerView:
        """Whom this is about: always the caller."""
        customer_id = self.principal.customer_id
        if customer_id is None:
            raise customers.CustomerNotFound(detail="You are not a customer.")
        return customers.get(customer_id)


class LimitsView(_ComplianceView):
    """What is left today and this month (UTC), by kind of transaction and asset."""

    @extend_schema(responses={200: ComplianceLimitsAnswer}, operation_id="compliance_limits")
    def get(self, request: Request) -> HttpResponse:
        customer = self.customer
        allowed = limits.allowances(customer=customer)
        return encoding.response(
            {
                "object": "compliance_limits",
                "kyc_level": customer.kyc_level,
                "limits": [_allowance(one) for one in allowed],
            }
        )


class ProfileView(_ComplianceView):
    """How far the customer is known to us."""

    @extend_schema(responses={200: ComplianceProfileAnswer}, operation_id="compliance_profile")
    def get(self, request: Request) -> HttpResponse:
        customer = self.customer
        return encoding.response(
            {
                "object": "compliance_profile",
                "kyc_level": customer.kyc_level,
                "is_verified": customer.kyc_level > 0,
                "status": customer.status,
                "country": customer.country,
            }
        )


def _allowance(one: limits.Allowance) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "single": amounts.render(one.limit.single),
        "daily": _window(one.limit.daily, one.used_today, one.left_today),
        "monthly": _window(one.limit.monthly, one.used_this_month, one.left_this_month),
        "most_now": amounts.render(one.most),
    }


def _window(limit: Money, used: Money, left: Money) -> dict[str, Any]:
    return {"limit": amounts.render(limit), "used": amounts.render(used), "left": amounts.render(left)}
