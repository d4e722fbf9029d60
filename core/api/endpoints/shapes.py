"""The shapes of identity's requests and answers: how they are rendered, and how OpenAPI shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.identity import models
from core.identity.customers import CustomerView
from core.identity.principals import Scope
from core.identity.sign_in import Tokens
from core.kernel import ids

_SCOPES = [scope.value for scope in Scope]


class SignUpBody(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1000)
    handle = serializers.RegexField(r"^@?[A-Za-z0-9_]{3,30}$")
    display_name = serializers.CharField(max_length=100)
    country = serializers.RegexField(r"^[A-Z]{2}$")


class SignInBody(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1000)
    code = serializers.CharField(required=False, help_text="Of the authenticator app, where one is set up.")


class RefreshBody(serializers.Serializer[Any]):
    refresh_token = serializers.CharField()


class CodeBody(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=20)


class TotpConfirmBody(CodeBody):
    secret = serializers.CharField(max_length=64)


class TokensAnswer(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField()


class TotpOffer(serializers.Serializer[Any]):
    secret = serializers.CharField()
    url = serializers.CharField()


class RecoveryCodesAnswer(serializers.Serializer[Any]):
    recovery_codes = serializers.ListField(child=serializers.CharField())


class Preferences(serializers.Serializer[Any]):
    speed = serializers.FloatField(required=False, min_value=0, max_value=1)
    max_fee_percent = serializers.RegexField(r"^\d{1,3}(\.\d{1,4})?$", required=False)
    max_slippage_bps = serializers.IntegerField(required=False, min_value=0, max_value=10_000)
    auto_optimize = serializers.BooleanField(required=False)
    email_notifications = serializers.BooleanField(required=False)
    display_currency = serializers.ChoiceField(choices=["USD", "EUR", "GBP"], required=False)


class MeBody(serializers.Serializer[Any]):
    display_name = serializers.CharField(max_length=100, required=False)
    country = serializers.RegexField(r"^[A-Z]{2}$", required=False)


class MeAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    handle = serializers.CharField()
    email = serializers.CharField()
    display_name = serializers.CharField()
    country = serializers.CharField()
    kyc_level = serializers.IntegerField()
    status = serializers.ChoiceField(choices=models.CustomerStatus.values)
    preferences = Preferences()
    version = serializers.IntegerField()


class ApiKeyBody(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=_SCOPES), min_length=1)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    allowed_addresses = serializers.ListField(child=serializers.CharField(), required=False)


class ApiKeyAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=_SCOPES))
    allowed_addresses = serializers.ListField(child=serializers.CharField())
    live = serializers.BooleanField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class NewApiKeyAnswer(ApiKeyAnswer):
    secret = serializers.CharField(required=False, help_text="Shown once; a replay comes without it.")


def tokens(pair: Tokens) -> dict[str, Any]:
    """Return what a sign-in or a refresh answers."""
    return {
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "token_type": "Bearer",
        "expires_in": pair.expires_in_s,
    }


def me(customer: CustomerView) -> dict[str, Any]:
    """Return a customer as he sees himself."""
    return {
        "id": ids.render(ids.Prefix.CUSTOMER, customer.id),
        "object": "customer",
        "handle": customer.handle,
        "email": customer.email,
        "display_name": customer.display_name,
        "country": customer.country,
        "kyc_level": customer.kyc_level,
        "status": customer.status,
        "preferences": customer.preferences,
        "version": customer.version,
    }


def api_key(key: models.ApiKey) -> dict[str, Any]:
    """Return an API key as its owner sees it, never with its secret."""
    return {
        "id": ids.render(ids.Prefix.API_KEY, key.id),
        "object": "api_key",
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "allowed_addresses": key.allowed_addresses,
        "live": key.live,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
        "created_at": key.created_at,
    }
