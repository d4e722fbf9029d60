"""The Django app of this package."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "core.health"
    label = "health"
    default_auto_field = "django.db.models.BigAutoField"
