"""GET /providers: what each provider can do and how well it does it now."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.api import amounts, encoding, pagination
from core.api.views import ApiView
from core.kernel import assets, clock
from core.kernel.money import Money
from core.providers import contract, queries, states
from core.resilience import breaker

_RATE = "A rate from 0 to 1 as a string."


class LimitShape(serializers.Serializer[Any]):
    asset = serializers.CharField()
    chain = serializers.CharField(required=False)
    minimum = serializers.CharField()
    maximum = serializers.CharField()


class CapabilityShape(serializers.Serializer[Any]):
    type = serializers.CharField(help_text=f"One of {', '.join(contract.ProviderType)}.")
    operation = serializers.ChoiceField(choices=[operation.value for operation in contract.Operation])
    method = serializers.CharField()
    limits = LimitShape(many=True)
    eta_seconds = serializers.IntegerField()
    firm_quote = serializers.BooleanField()


class HealthShape(serializers.Serializer[Any]):
    success_rate = serializers.CharField(help_text=_RATE)
    p50_ms = serializers.FloatField()
    p95_ms = serializers.FloatField()
    samples = serializers.IntegerField()


class LastHourShape(serializers.Serializer[Any]):
    calls = serializers.IntegerField()
    failures = serializers.IntegerField()
    success_rate = serializers.CharField(allow_null=True, help_text=_RATE)
    p50_ms = serializers.FloatField()
    p95_ms = serializers.FloatField()


class OperationShape(serializers.Serializer[Any]):
    operation = serializers.CharField()
    breaker = serializers.ChoiceField(choices=[state.value for state in breaker.State])
    health = HealthShape()
    last_hour = LastHourShape()


class ProviderShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    mode = serializers.ChoiceField(choices=[mode.value for mode in states.Mode])
    capabilities = CapabilityShape(many=True)
    operations = OperationShape(many=True)


class ProvidersAnswer(serializers.Serializer[Any]):
    data = ProviderShape(many=True)  # type: ignore[assignment]  # the contract names the list so
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


class ProvidersView(ApiView):
    """All providers, by code. They are few, so they come on one page."""

    tag = "providers"

    @extend_schema(responses={200: ProvidersAnswer}, operation_id="providers_list")
    def get(self, request: Request) -> HttpResponse:
        views = queries.overview(now=clock.SYSTEM.now())
        return encoding.response(pagination.whole([_provider(view) for view in views]))


def _provider(view: queries.ProviderView) -> dict[str, Any]:
    return {
        "code": view.code,
        "name": view.name,
        "mode": view.mode.value,
        "capabilities": [_capability(capability) for capability in view.capabilities],
        "operations": [_operation(operation) for operation in view.operations],
    }


def _capability(capability: contract.Capability) -> dict[str, Any]:
    return {
        "type": capability.type.value,
        "operation": capability.operation.value,
        "method": capability.method,
        "limits": [_limit(capability, code) for code in capability.assets],
        "eta_seconds": capability.eta_seconds,
        "firm_quote": capability.firm_quote,
    }


def _limit(capability: contract.Capability, code: str) -> dict[str, str]:
    return {
        **amounts.render_asset(assets.get(code)),
        "minimum": Money.of(capability.minimum_units, code).text,
        "maximum": Money.of(capability.maximum_units, code).text,
    }


def _operation(view: queries.OperationView) -> dict[str, Any]:
    hour = view.last_hour
    return {
        "operation": view.operation,
        "breaker": view.breaker,
        "health": {
            "success_rate": _rate(view.health.success_rate),
            "p50_ms": view.health.p50_ms,
            "p95_ms": view.health.p95_ms,
            "samples": view.health.samples,
        },
        "last_hour": {
            "calls": hour.calls,
            "failures": hour.failures,
            "success_rate": None if hour.success_rate is None else _rate(hour.success_rate),
            "p50_ms": hour.p50_ms,
            "p95_ms": hour.p95_ms,
        },
    }


def _rate(value: float) -> str:
    return f"{value:.4f}"
