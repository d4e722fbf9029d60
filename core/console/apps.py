"""The Django app of this package."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "core.console"
    label = "console"
    default_auto_field = "django.db.models.BigAutoField"
