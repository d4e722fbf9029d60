"""The Django app of the encrypted fields; the malformed key stops the start."""

from django.apps import AppConfig

from core.encryption import keys


class EncryptionConfig(AppConfig):
    name = "core.encryption"
    label = "encryption"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        keys.ring()
