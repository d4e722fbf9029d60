"""The shapes of transactions and quotes, for the OpenAPI document. Requests are read by ``wishes``, not by these."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from core.orchestration.states import State, Status

PAGE = [
    OpenApiParameter("limit", int, description="How many, 25 by default and 100 at most."),
    OpenApiParameter("cursor", str, description="`next_cursor` of the page before."),
]


class Asset(serializers.Serializer[Any]):
    asset = serializers.CharField(help_text="Such as USD or USDC.")
    chain = serializers.CharField(required=False, help_text="Of a coin; fiat has none.")


class Amount(Asset):
    amount = serializers.CharField(help_text="A plain decimal in a string.")


class MaybeAmount(Asset):
    amount = serializers.CharField(required=False, help_text="On exactly one of source and target.")


class FeeLine(Amount):
    tier = serializers.ChoiceField(choices=["platform", "provider", "network", "compliance", "premium"])
    code = serializers.CharField()
    rate = serializers.CharField()


class Fees(serializers.Serializer[Any]):
    platform = Amount()
    provider = Amount()
    network = Amount()
    compliance = Amount()
    premium = Amount()
    total = Amount()
    lines = FeeLine(many=True)


class Recipient(serializers.Serializer[Any]):
    handle = serializers.CharField()


class Preferences(serializers.Serializer[Any]):
    speed = serializers.FloatField(required=False, min_value=0, max_value=1)
    max_fee_percent = serializers.CharField(required=False)
    max_slippage_bps = serializers.IntegerField(required=False, min_value=0, max_value=10_000)


class Wish(serializers.Serializer[Any]):
    kind = serializers.CharField(required=False)
    source = MaybeAmount(required=False)  # type: ignore[assignment]  # moved by DRF
    target = MaybeAmount(required=False)
    instrument_id = serializers.CharField(required=False)
    to = Recipient(required=False)
    preferences = Preferences(required=False)


class QuoteRequest(Wish):
    domain = serializers.CharField()
    kind = serializers.CharField()


class TransactionRequest(Wish):
    quote_id = serializers.CharField(required=False, help_text="Instead of all the other fields.")
    client_reference = serializers.CharField(required=False, max_length=100)


class Candidate(serializers.Serializer[Any]):
    provider = serializers.CharField()
    eligible = serializers.BooleanField()
    why = serializers.CharField()
    score = serializers.CharField()
    health = serializers.CharField()
    cost = serializers.CharField()
    speed = serializers.CharField()
    fees_total = Amount()
    eta_seconds = serializers.IntegerField()


class Suggestion(serializers.Serializer[Any]):
    code = serializers.CharField()
    saves = Amount()
    costs = serializers.CharField()


class Quote(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    domain = serializers.CharField()
    kind = serializers.CharField()
    expires_at = serializers.DateTimeField()
    provider = serializers.CharField(allow_null=True)
    fees = Fees()
    debit = Amount()
    receive = Amount()
    min_receive = Amount()
    eta_seconds = serializers.IntegerField()
    candidates = Candidate(many=True)
    suggestions = Suggestion(many=True)


class Links(serializers.Serializer[Any]):
    events = serializers.CharField()
    explain = serializers.CharField()


class Transaction(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    domain = serializers.CharField()
    kind = serializers.CharField()
    direction = serializers.CharField(required=False, help_text="`incoming` in the recipient's reduced view.")
    status = serializers.ChoiceField(choices=Status.values)
    state = serializers.ChoiceField(choices=State.values)
    reason = serializers.CharField(allow_null=True, required=False)
    progress = serializers.IntegerField(required=False)
    eta = serializers.DateTimeField(allow_null=True, required=False)
    source = MaybeAmount(required=False)  # type: ignore[assignment]  # moved by DRF
    target = MaybeAmount()
    fees = Fees(allow_null=True, required=False)
    reversed_amount = Amount(allow_null=True, required=False)
    reverses = serializers.CharField(allow_null=True, required=False)
    provider = serializers.CharField(allow_null=True, required=False)
    instrument_id = serializers.CharField(allow_null=True, required=False)
    quote_id = serializers.CharField(allow_null=True, required=False)
    plan_id = serializers.CharField(allow_null=True, required=False)
    client_reference = serializers.CharField(allow_null=True, required=False)
    correlation_id = serializers.CharField(allow_null=True, required=False)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(required=False)
    completed_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(required=False)
    next_action = serializers.DictField(allow_null=True, required=False)
    links = Links(required=False)


class Event(serializers.Serializer[Any]):
    id = serializers.CharField()
    seq = serializers.IntegerField()
    type = serializers.CharField()
    at = serializers.DateTimeField()
    to = serializers.CharField(allow_null=True)
    actor = serializers.CharField()
    reason = serializers.CharField(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]  # moved by DRF

    def get_fields(self) -> dict[str, Any]:
        """``from`` is a word of Python, so it is declared here."""
        return {**super().get_fields(), "from": serializers.CharField(allow_null=True)}


class TransactionList(serializers.Serializer[Any]):
    data = Transaction(many=True)  # type: ignore[assignment]  # moved by DRF
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


class EventList(serializers.Serializer[Any]):
    data = Event(many=True)  # type: ignore[assignment]  # moved by DRF
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


class Story(serializers.Serializer[Any]):
    transaction = Transaction()
    events = Event(many=True)
    attempts = serializers.ListField(child=serializers.DictField())
    decisions = serializers.ListField(child=serializers.DictField())
    holds = serializers.ListField(child=serializers.DictField())
    entries = serializers.ListField(child=serializers.DictField())
