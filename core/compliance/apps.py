"""The Django app of this package."""

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "core.compliance"
    label = "compliance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.audit import books
        from core.compliance import books as own_books
        from core.compliance import cases, gate, limits
        from core.orchestration import gates

        gates.register(
            gates.Gate(door=limits.door, review=gate.review, open_cases=cases.open_many, consume_sql=limits.CONSUME_SQL)
        )
        books.register("compliance", own_books.breaks)
