"""The shapes of instruments, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from banking.models import InstrumentStatus, InstrumentType

FIELDS = ("type", "token", "holder", "label", "routing_number", "account_number", "funding")


class InstrumentBody(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=InstrumentType.values)
    holder = serializers.CharField(max_length=120)
    token = serializers.CharField(required=False, help_text="Of a card: the provider's token, never the number.")
    label = serializers.CharField(required=False, max_length=60)  # type: ignore[assignment]  # moved by DRF
    routing_number = serializers.CharField(required=False, help_text="Of a bank account.")
    account_number = serializers.CharField(required=False, help_text="Of a bank account.")
    funding = serializers.ChoiceField(choices=["checking", "savings"], required=False)


class LabelBody(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=60)  # type: ignore[assignment]  # moved by DRF


class InstrumentAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    type = serializers.ChoiceField(choices=InstrumentType.values)
    method = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # moved by DRF
    holder = serializers.CharField()
    last4 = serializers.CharField(allow_null=True)
    routing_number = serializers.CharField(allow_null=True)
    funding = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=InstrumentStatus.values)
    created_at = serializers.DateTimeField()
    version = serializers.IntegerField()
