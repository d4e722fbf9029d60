"""The Django app of the provider seam."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "core.providers"
    label = "providers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.providers import queries
        from core.resilience import checks

        checks.register("providers", queries.condition)
