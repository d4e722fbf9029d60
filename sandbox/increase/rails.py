"""The way of a transfer through the ACH network: released, submitted, acknowledged, settled; rejected or returned.

Each step writes the transfer, the account's entries, the book and the events in the caller's change. Steps follow by
themselves after the delays of the settings; a delay of zero takes the next step at once, in the same commit.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sandbox.engine.book import Effect
from sandbox.engine.clock import iso as iso
from sandbox.engine.values import Json
from sandbox.increase import desk, returns
from sandbox.increase.desk import HIDDEN, Desk

_WEEKEND = 5
_RETURN_DAYS = 2


class Step(Protocol):
    """One step of a transfer."""

    def __call__(self, transfer: Json, *, at: float) -> None: ...


class Rails:
    """Moves transfers along."""

    def __init__(self, *, desk: Desk) -> None:
        self._desk = desk
        timers = desk.world.timers
        timers.register(kind="increase.submit", handler=self._submit_later)
        timers.register(kind="increase.settle", handler=self._settle_later)
        timers.register(kind="increase.return", handler=self._return_later)
        timers.register(kind="increase.reject", handler=self._reject_later)

    def release(self, transfer: Json, *, at: float) -> None:
        """Debit the account and plan the submission; without enough money it is rejected or needs attention."""
        if transfer["amount"] > self._desk.available(transfer["account_id"]):
            transfer["status"] = self._desk.world.settings.increase_insufficient
            self._save(transfer)
            return
        transfer |= {"status": "pending_submission", "transaction_id": self._debit(transfer, at)}
        self._record(transfer, operation="payout", direction="out", at=at)
        self._save(transfer)
        kind = (transfer[HIDDEN]["twist"] or {}).get("fault")
        if kind == "never_settle":
            return
        step = "increase.reject" if kind == "refuse" else "increase.submit"
        self._plan(step, transfer, delay_s=self._desk.world.settings.ach_submit_s, at=at)

    def submit(self, transfer: Json, *, at: float) -> None:
        """Hand the transfer to the Federal Reserve."""
        same_day = transfer["preferred_effective_date"]["settlement_schedule"] != "future_dated"
        day = datetime.fromtimestamp(at, tz=UTC)
        effective = day if same_day else _banking_day(day, 1)
        transfer |= {
            "status": "submitted",
            "submission": {
                "administrative_returns_expected_by": _stamp(_banking_day(effective, _RETURN_DAYS), hour=11),
                "effective_date": effective.strftime("%Y-%m-%d"),
                "expected_funds_settlement_at": _stamp(effective, hour=22 if same_day else 13),
                "expected_settlement_schedule": "same_day" if same_day else "future_dated",
                "submitted_at": iso(at),
                "trace_number": _trace_number(),
            },
        }
        self._update(transfer, at)
        self._plan("increase.settle", transfer, delay_s=self._desk.world.settings.ach_settle_s, at=at)

    def acknowledge(self, transfer: Json, *, at: float) -> None:
        """Note that the Federal Reserve has the file."""
        transfer["acknowledgement"] = {"acknowledged_at": iso(at)}
        self._update(transfer, at)

    def settle(self, transfer: Json, *, at: float) -> None:
        """Settle: the status stays ``submitted``, as at Increase."""
        transfer["acknowledgement"] = transfer["acknowledgement"] or {"acknowledged_at": iso(at)}
        transfer["settlement"] = {"settled_at": iso(at)}
        self._update(transfer, at)
        twist = transfer[HIDDEN]["twist"] or {}
        if twist.get("fault") == "return":
            self._plan("increase.return", transfer, delay_s=max(twist["delay_ms"] / 1000, 0.001), at=at)

    def send_back(self, transfer: Json, *, reason: str, addenda: str | None, at: float) -> None:
        """Return the transfer: the money is back on the account."""
        trace = _trace_number()
        source: Json = {
            "addenda_information": addenda,
            "created_at": iso(at),
            "raw_return_reason_code": returns.CODES[reason],
            "return_reason_code": reason,
            "trace_number": trace,
            "transaction_id": transfer["transaction_id"],
            "transfer_id": transfer["id"],
        }
        entry = self._credit(transfer, category="ach_transfer_return", source=source, at=at)
        transfer["return"] = {**source, "transaction_id": entry}
        transfer["status"] = "returned"
        self._record(transfer, operation="payout_return", direction="in", at=at)
        self._update(transfer, at)

    def reject(self, transfer: Json, *, at: float) -> None:
        """Reject the transfer before it was submitted: the money is back on the account."""
        self._credit(transfer, category="ach_transfer_rejection", source={"transfer_id": transfer["id"]}, at=at)
        transfer["status"] = "rejected"
        self._record(transfer, operation="payout_rejection", direction="in", at=at)
        self._update(transfer, at)

    def _submit_later(self, transfer_id: str, at: float) -> None:
        transfer = self._waiting(transfer_id, "pending_submission")
        if transfer is not None:
            self.submit(transfer, at=at)

    def _settle_later(self, transfer_id: str, at: float) -> None:
        transfer = self._waiting(transfer_id, "submitted")
        if transfer is not None and not transfer["settlement"]:
            self.settle(transfer, at=at)

    def _return_later(self, transfer_id: str, at: float) -> None:
        transfer = self._waiting(transfer_id, "submitted")
        if transfer is not None:
            reason = transfer[HIDDEN]["twist"]["code"] or "no_account"
            self.send_back(transfer, reason=reason if reason in returns.CODES else "no_account", addenda=None, at=at)

    def _reject_later(self, transfer_id: str, at: float) -> None:
        transfer = self._waiting(transfer_id, "pending_submission")
        if transfer is not None:
            self.reject(transfer, at=at)

    def _waiting(self, transfer_id: str, status: str) -> Json | None:
        """Return the transfer if nobody moved it on meanwhile."""
        transfer = self._desk.world.objects.find(type="ach_transfer", id=transfer_id)
        return transfer if transfer is not None and transfer["status"] == status else None

    def _plan(self, kind: str, transfer: Json, *, delay_s: float, at: float) -> None:
        self._desk.world.timers.after(delay_s=delay_s, at=at, kind=kind, object_id=transfer["id"])
        if delay_s <= 0:
            # The step ran at once on its own copy; what the caller still shows must not be older.
            transfer |= self._desk.get(id=transfer["id"], type="ach_transfer")

    def _save(self, transfer: Json) -> None:
        self._desk.world.objects.save(data=transfer)

    def _update(self, transfer: Json, at: float) -> None:
        self._save(transfer)
        self._desk.emit(category="ach_transfer.updated", about=transfer, at=at)

    def _debit(self, transfer: Json, at: float) -> str:
        intention = {
            "account_number": transfer["account_number"],
            "amount": transfer["amount"],
            "routing_number": transfer["routing_number"],
            "statement_descriptor": transfer["statement_descriptor"],
            "transfer_id": transfer["id"],
        }
        return self._desk.enter(
            account_id=transfer["account_id"],
            amount=-transfer["amount"],
            at=at,
            description=transfer["statement_descriptor"],
            source={"category": "ach_transfer_intention", "ach_transfer_intention": intention},
        )

    def _credit(self, transfer: Json, *, category: str, source: Json, at: float) -> str:
        return self._desk.enter(
            account_id=transfer["account_id"],
            amount=transfer["amount"],
            at=at,
            description=transfer["statement_descriptor"],
            source={"category": category, category: source},
        )

    def _record(self, transfer: Json, *, operation: str, direction: str, at: float) -> None:
        names = ("statement_descriptor", "individual_id", "individual_name", "account_number")
        self._desk.world.book.record(
            Effect(
                provider=desk.CODE,
                operation=operation,
                object_id=transfer["id"],
                reference=transfer["individual_id"] or transfer["statement_descriptor"],
                key=transfer["idempotency_key"] or "",
                amount=transfer["amount"],
                currency=transfer["currency"].lower(),
                direction=direction,
                at=at,
                metadata={name: transfer[name] for name in names if transfer[name]},
            )
        )


def _trace_number() -> str:
    return f"0910{secrets.randbelow(10**11):011d}"


def _banking_day(day: datetime, ahead: int) -> datetime:
    """Return the n-th weekday after a day; bank holidays are not known here."""
    while ahead:
        day += timedelta(days=1)
        ahead -= day.weekday() < _WEEKEND
    return day


def _stamp(day: datetime, *, hour: int) -> str:
    return day.replace(hour=hour, minute=30 if hour == 13 else 0, second=0).strftime("%Y-%m-%dT%H:%M:%SZ")
