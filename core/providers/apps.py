"""The Django app of this package."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "core.providers"
    label = "providers"
    default_auto_field = "django.db.models.BigAutoField"
