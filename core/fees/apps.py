"""The Django app of this package."""

from django.apps import AppConfig


class FeesConfig(AppConfig):
    name = "core.fees"
    label = "fees"
    default_auto_field = "django.db.models.BigAutoField"
