"""Everything that the providers stand on, put together once per process."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.engine.book import Book
from sandbox.engine.clock import Clock
from sandbox.engine.funds import Funds
from sandbox.engine.idempotency import Keys
from sandbox.engine.objects import Objects
from sandbox.engine.provider import Call
from sandbox.engine.store import Store
from sandbox.engine.timers import Timers
from sandbox.faults.faults import Faults, Occasion
from sandbox.faults.scripts import BUSINESS, EXCHANGE, Script
from sandbox.settings import Settings
from sandbox.webhooks.deliveries import Deliveries, Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The engine's parts, wired."""

    settings: Settings
    store: Store
    clock: Clock
    timers: Timers
    objects: Objects
    book: Book
    funds: Funds
    keys: Keys
    faults: Faults
    deliveries: Deliveries

    def twist(self, *, provider: str, call: Call) -> Script | None:
        """Return what a fault script or a magic amount makes of an execution, or None. Counts the script."""
        kinds = EXCHANGE if call.operation == "order" else BUSINESS
        if call.magic is not None and call.magic.fault in kinds:
            return call.magic
        picked = self.faults.pick(
            Occasion(
                provider=provider,
                operation=call.operation,
                kinds=kinds,
                amount=call.amount,
                key=call.key,
                references=call.references,
            )
        )
        return picked[0] if picked else None


def build(settings: Settings) -> World:
    """Open the database and put the parts together.

    Raises: StoreLocked when another sandbox has the folder.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    store = Store(folder=settings.data)
    clock = Clock(store=store)
    faults = Faults(store=store)
    pace = Pace(
        senders=settings.webhook_senders,
        timeout_s=settings.webhook_timeout_s,
        base_s=settings.webhook_retry_base_s,
        cap_s=settings.webhook_retry_cap_s,
        tries=settings.webhook_tries,
    )
    return World(
        settings=settings,
        store=store,
        clock=clock,
        timers=Timers(store=store, clock=clock),
        objects=Objects(store=store),
        book=Book(store=store),
        funds=Funds(store=store),
        keys=Keys(store=store),
        faults=faults,
        deliveries=Deliveries(store=store, faults=faults, pace=pace, wall=clock.wall),
    )
