"""How a provider, its breakers and its figures read in the console."""

from __future__ import annotations

from collections.abc import Sequence

from core.console import cells
from core.console.cells import Cell, Tone
from core.providers.queries import OperationView, ProviderView
from core.providers.states import Mode

_MODES = {
    Mode.ENABLED: (Tone.SUCCESS, "power"),
    Mode.DRAINED: (Tone.WARNING, "water_drop"),
    Mode.DISABLED: (Tone.DANGER, "power_off"),
}
_BREAKERS = {
    "closed": (Tone.SUCCESS, "check_circle", "closed, calls pass"),
    "open": (Tone.DANGER, "block", "open, calls are refused"),
    "half_open": (Tone.WARNING, "science", "half open, one probe"),
}


def mode(value: Mode) -> Cell:
    tone, icon = _MODES[value]
    return cells.badge(value.value, tone, icon=icon, title=str(Mode.__doc__).partition("\n")[0])


def breaker(state: str, held: str = "") -> Cell:
    """Return the badge of a breaker; ``held`` is its mode where a person holds it."""
    tone, icon, word = _BREAKERS[state]
    return cells.badge(f"{word}, held by a person" if held.startswith("forced") else word, tone, icon=icon)


def open_breakers(view: ProviderView) -> list[OperationView]:
    return [each for each in view.operations if each.breaker != "closed"]


def standing(view: ProviderView) -> Cell:
    """Return in one badge how a provider stands."""
    if view.mode is not Mode.ENABLED:
        return mode(view.mode)
    broken = open_breakers(view)
    if broken:
        return cells.badge(f"{len(broken)} breaker{'s' if len(broken) > 1 else ''} open", Tone.DANGER, icon="block")
    if not any(each.health.samples for each in view.operations):
        return cells.badge("no calls lately", Tone.NEUTRAL, icon="bedtime")
    if worst_rate(view.operations) < 0.9:
        return cells.badge("unwell", Tone.WARNING, icon="sick")
    return cells.badge("well", Tone.SUCCESS)


def worst_rate(operations: Sequence[OperationView]) -> float:
    return min((each.health.success_rate for each in operations if each.health.samples), default=1.0)


def slowest_ms(operations: Sequence[OperationView]) -> float:
    return max((each.health.p95_ms for each in operations), default=0.0)


def percent(rate: float | None) -> str:
    return "—" if rate is None else f"{rate:.1%}"


def milliseconds(value: float) -> str:
    return "—" if not value else f"{value:.0f} ms"
