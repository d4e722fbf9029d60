"""Registers the kinds and providers of banking with core; nothing else."""

from django.apps import AppConfig


class BankingConfig(AppConfig):
    name = "banking"
    label = "banking"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from banking import queries, tasks
        from banking.kinds.deposit import Deposit
        from banking.kinds.receive import Receive
        from banking.kinds.transfer import Transfer
        from banking.kinds.withdrawal import Withdrawal
        from banking.models import BankingTransaction
        from banking.providers import registration
        from banking.services import instrument_port, receipts
        from core.api import explain
        from core.chains import watch
        from core.orchestration import kinds, wiring
        from core.orchestration.parts.reversal import Reversal

        registration.register()
        explain.register("instrument", queries.story)
        wiring.join(
            kinds.Domain(
                code="banking",
                model=BankingTransaction,
                kinds=(Deposit(), Withdrawal(), Transfer(), Receive(), Reversal(domain="banking")),
                instruments=instrument_port.Instruments(),
                task=tasks.drain.name,
                queue="banking",
            )
        )
        watch.on_arrival(receipts.take)
