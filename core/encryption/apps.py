"""The Django app of this package."""

from django.apps import AppConfig


class EncryptionConfig(AppConfig):
    name = "core.encryption"
    label = "encryption"
    default_auto_field = "django.db.models.BigAutoField"
