"""The Django app of this package."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "core.routing"
    label = "routing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.api import explain
        from core.routing import decisions

        explain.register(name="routing", part=decisions.explain)
