"""The Django app of this package."""

from django.apps import AppConfig


class ResilienceConfig(AppConfig):
    name = "core.resilience"
    label = "resilience"
    default_auto_field = "django.db.models.BigAutoField"
