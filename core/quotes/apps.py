"""The Django app of this package."""

from django.apps import AppConfig


class QuotesConfig(AppConfig):
    name = "core.quotes"
    label = "quotes"
    default_auto_field = "django.db.models.BigAutoField"
