"""Registers the kinds and providers of DeFi with core; nothing else."""

from django.apps import AppConfig


class DefiConfig(AppConfig):
    name = "defi"
    label = "defi"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.api import explain
        from core.audit import books as registered
        from core.orchestration import kinds, wiring
        from core.orchestration.parts.reversal import Reversal
        from core.wallet import positions
        from defi import books, queries, tasks
        from defi.kinds.harvest import Harvest
        from defi.kinds.start_strategy import StartStrategy
        from defi.kinds.stop_strategy import StopStrategy
        from defi.kinds.swap import Swap
        from defi.models import DefiTransaction
        from defi.providers import registration
        from defi.services import instrument_port, projector, terms

        registration.register()
        explain.register("defi", queries.story)
        registered.register("defi", books.breaks)
        positions.register("defi", queries.worth)
        wiring.join(
            kinds.Domain(
                code="defi",
                model=DefiTransaction,
                kinds=(StartStrategy(), Harvest(), StopStrategy(), Swap(), Reversal(domain="defi")),
                instruments=instrument_port.Instruments(),
                task=tasks.drain.name,
                queue="defi",
                terms=terms.Terms(),
                projector=projector.Projector(),
            )
        )
