"""The Django app of this package."""

from django.apps import AppConfig

from core.audit import books as registry


class LedgerConfig(AppConfig):
    name = "core.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the books be checked."""
        from core.ledger import books

        registry.register("ledger", books.breaks)
