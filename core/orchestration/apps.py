"""The Django app of this package."""

from django.apps import AppConfig


class OrchestrationConfig(AppConfig):
    name = "core.orchestration"
    label = "orchestration"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.orchestration import wiring

        wiring.connect()
