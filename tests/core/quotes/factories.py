"""Requests and candidates for the tests of quotes; prices come from a small schedule in memory."""

from datetime import timedelta

from core.fees import schedules
from core.kernel.money import Money
from core.providers import contract
from core.quotes import candidates, preferences, preparing
from core.routing import scoring

WEIGHTS = scoring.Weights(version=1, health=50, cost=30, speed=20)
SCHEDULE = schedules.Schedule(
    version=1,
    rules=(
        schedules.Rule(tier="platform", code="deposit_percent", kind="deposit", rate=50_000_000),
        schedules.Rule(tier="platform", code="withdrawal_fixed", kind="withdrawal", flat_units=99),
        schedules.Rule(tier="platform", code="transfer_fixed", kind="transfer", flat_units=25),
        schedules.Rule(tier="provider", code="card", rate=290_000_000, flat_units=30),
        schedules.Rule(tier="provider", code="cheap", rate=100_000_000),
    ),
)


def candidate(provider="stripe", *, operation="charge", fee_code="card", eta=4, health=1.0, **rest):
    limits = {"minimum_units": 50, "maximum_units": 99_999_999, "assets": ("USD",), "firm_quote": True}
    capability = contract.Capability(
        type=contract.ProviderType.ON_RAMP,
        operation=contract.Operation(operation),
        method="card",
        eta_seconds=eta,
        fee_code=fee_code,
        server_initiated=True,
        proof=contract.Proof.LOOKUP_BY_KEY,
        key_lifetime=timedelta(hours=24),
        needs_cover=False,
        poll_after_s=30,
        reversible_for=timedelta(days=120),
        **{name: rest.pop(name, value) for name, value in limits.items()},
    )
    return candidates.CandidateInput(provider=provider, capability=capability, health=health, **rest)


def inputs(kind="deposit", amount=10_000, *, offered=(), side="source", wishes=None):
    return preparing.PriceInputs(
        domain="banking",
        kind=kind,
        method="card",
        side=side,
        amount=Money.of(amount, "USD"),
        candidates=offered,
        preferences=preferences.parse(data=wishes),
    )


def prepare(*given, **named):
    return preparing.prepare(inputs=inputs(*given, **named), schedule=SCHEDULE, weights=WEIGHTS)
