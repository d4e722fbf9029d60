"""The Django app of this package."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "core.identity"
    label = "identity"
    default_auto_field = "django.db.models.BigAutoField"
