"""The Django app of this package."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "core.routing"
    label = "routing"
    default_auto_field = "django.db.models.BigAutoField"
