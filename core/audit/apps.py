"""The Django app of the audit record."""

from django.apps import AppConfig

from core.audit import books


class AuditConfig(AppConfig):
    name = "core.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.audit import verify

        books.register("audit", verify.breaks)
