"""The stage of the demo: who takes part, and what is told of what they did."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from diboas.demo.client import Customer, Sandbox
from diboas.runner.live_client import LiveClient

Body = dict[str, Any]
_WIDTHS = (44, 12, 10, 10, 9, 30)
_HEADINGS = ("what", "status", "amount", "fees", "ms", "remark")


@dataclass(slots=True)
class Told:
    """What happened, and what was off."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def row(self, *cells: str) -> None:
        self.rows.append(cells)

    def check(self, what: str, *, found: object, wanted: object) -> None:
        if found != wanted:
            self.problems.append(f"{what}: found {found!r}, wanted {wanted!r}")

    def table(self) -> str:
        lines = [_line(_HEADINGS), _line(tuple("-" * width for width in _WIDTHS))]
        return "\n".join(["", *lines, *(_line(row) for row in self.rows)])


@dataclass(slots=True, kw_only=True)
class Stage:
    """Who takes part. ``chain`` is where the chain is; without one, ``no_chain`` says why."""

    told: Told
    ana: Customer
    bruno: Customer
    dora: Customer
    eva: Customer
    sandbox: Sandbox
    live: LiveClient
    chain: Body | None = None
    no_chain: str = ""

    def move(
        self,
        what: str,
        body: Body,
        *,
        status: str,
        reason: str | None = None,
        remark: str = "",
        domain: str = "banking",
    ) -> Any:
        """Do one transaction, wait for its end, and note it: @eva has the coins for DeFi, @ana does the rest."""
        started = time.monotonic()
        who = self.eva if domain == "defi" else self.ana
        made = who.post(f"/{domain}/transactions", body)
        done = who.wait(made["id"])
        took = f"{(time.monotonic() - started) * 1000:.0f}"
        amount = (done["target"] if body.get("target") else done["source"]).get("amount", "")
        fees = done["fees"]["total"]["amount"] if done["fees"] else ""
        self.told.row(what, done["status"], amount, fees, took, remark or done["reason"] or "")
        self.told.check(what, found=done["status"], wanted=status)
        if reason is not None:
            self.told.check(f"{what}: reason", found=done["reason"], wanted=reason)
        return done

    def executed_once(self, what: str, done: Any, operation: str) -> None:
        """Count in the provider's own book what it did for a transaction."""
        key = f"{done['id']}:{operation}:{done['provider']}"
        found = [row["operation"] for row in self.sandbox.executed(key=key)]
        self.told.check(f"{what}: in the provider's own book", found=found, wanted=[operation])


def _line(cells: tuple[str, ...]) -> str:
    padded = (*cells, *[""] * (len(_WIDTHS) - len(cells)))
    return "  ".join(cell[:width].ljust(width) for cell, width in zip(padded, _WIDTHS, strict=True)).rstrip()
