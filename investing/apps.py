"""Registers the kinds and providers of investing with core; nothing else."""

from django.apps import AppConfig


class InvestingConfig(AppConfig):
    name = "investing"
    label = "investing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.api import explain
        from core.audit import books as registered
        from core.orchestration import kinds, wiring
        from core.orchestration.parts.reversal import Reversal
        from core.wallet import positions
        from investing import books, queries, tasks
        from investing.kinds.buy import BUY
        from investing.kinds.sell import SELL
        from investing.models import InvestingTransaction
        from investing.providers import registration
        from investing.services import instrument_port, projector, terms

        registration.register()
        explain.register("order", queries.story)
        registered.register("investing", books.breaks)
        positions.register("investing", queries.wallet_positions)
        wiring.join(
            kinds.Domain(
                code="investing",
                model=InvestingTransaction,
                kinds=(BUY, SELL, Reversal(domain="investing")),
                instruments=instrument_port.Instruments(),
                task=tasks.drain.name,
                queue="investing",
                terms=terms.Terms(),
                projector=projector.Projector(),
            )
        )
