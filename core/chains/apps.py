"""The Django app of the chains."""

from django.apps import AppConfig


class ChainsConfig(AppConfig):
    name = "core.chains"
    label = "chains"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the treasury's adapter known, and let health, the books and the story of a transaction ask us."""
        from core.api import explain
        from core.audit import books as registry_of_books
        from core.chains import books, custody, health, story
        from core.providers import registry
        from core.resilience import checks

        registry.register(custody.Treasury, code=custody.CODE)
        registry_of_books.register("chains", books.breaks)
        checks.register("chains", health.condition)
        explain.register("chain", story.explain)
