"""The Django app of health."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "core.health"
    label = "health"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.health import components
        from core.resilience import checks

        checks.register("database", components.database, critical=True)
        checks.register("redis", components.redis)
        checks.register("broker", components.broker)
        checks.register("outbox", components.outbox)
        checks.register("work", components.work)
        checks.register("scheduler", components.scheduler)
        checks.register("workers", components.workers)
        checks.register("breakers", components.breakers)
        checks.register("books", components.books)
