"""The Django app of this package."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "core.identity"
    label = "identity"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.encryption import rotation
        from core.identity import mfa_adapter, second_factor

        rotation.register(mfa_adapter.WHERE, second_factor.rotate)
