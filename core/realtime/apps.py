"""The Django app of the live feed."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "core.realtime"
    label = "realtime"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.outbox import snapshots
        from core.realtime import providers

        snapshots.register(providers.CHANNEL, providers.snapshot, is_public=True)
