"""The Django app of this package."""

from django.apps import AppConfig


class WalletConfig(AppConfig):
    name = "core.wallet"
    label = "wallet"
    default_auto_field = "django.db.models.BigAutoField"
