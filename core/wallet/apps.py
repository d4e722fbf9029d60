"""The Django app of the wallet."""

from django.apps import AppConfig


class WalletConfig(AppConfig):
    name = "core.wallet"
    label = "wallet"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.outbox import snapshots
        from core.wallet import feed

        snapshots.register(feed.CHANNEL, feed.snapshot, complete=feed.complete)
