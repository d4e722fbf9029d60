"""The Django app of market data."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    name = "core.market"
    label = "market"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.market import feed, standing
        from core.market.providers import registration
        from core.outbox import snapshots
        from core.resilience import checks

        registration.register()
        checks.register("prices", standing.condition)
        snapshots.register(feed.CHANNEL, feed.snapshot, complete=feed.complete, is_public=True)
