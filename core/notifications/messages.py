"""From what happened to what a customer reads. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.kernel import assets, ids
from core.notifications import wording

RECIPIENT = "recipient"
_MONEY_BACK = frozenset({"failed", "expired"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A change of status that a customer sees. ``amount`` is plain decimal text; ``role`` is owner or recipient."""

    event_id: UUID
    customer_id: UUID
    transaction_id: UUID
    kind: str
    status: str
    reason: str
    amount: str
    asset: str
    chain: str | None
    role: str

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> Happening:
        """Read the payload of the effect ``transaction.status``.

        Raises: KeyError, ValueError, NotFound when it is not one: the effect then ends with a person.
        """
        return cls(
            event_id=ids.parse(ids.Prefix.EVENT, payload["event_id"]),
            customer_id=UUID(payload["customer_id"]),
            transaction_id=ids.parse(ids.Prefix.TRANSACTION, payload["transaction_id"]),
            kind=payload["kind"],
            status=payload["status"],
            reason=payload.get("reason") or "",
            amount=payload["amount"],
            asset=payload["asset"],
            chain=payload.get("chain"),
            role=payload.get("role", "owner"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What to say."""

    type: str
    title: str
    body: str
    data: Mapping[str, Any]


def message(happening: Happening) -> Message | None:
    """Return what to tell the customer, or None where there is nothing to say (such as a recipient's first steps)."""
    words = _words(happening)
    if words is None:
        return None
    noun = wording.NOUNS.get(happening.kind, "transaction")
    amount = _amount(happening)
    sentences = [words.body.format(noun=noun, amount=amount), *_reason(happening)]
    return Message(
        type=f"transaction.{happening.status}",
        title=words.title.format(noun=noun, amount=amount),
        body=" ".join(sentences),
        data={
            "kind": happening.kind,
            "status": happening.status,
            "role": happening.role,
            "money": {"amount": happening.amount, "asset": happening.asset}
            | ({"chain": happening.chain} if happening.chain else {}),
        },
    )


def _words(happening: Happening) -> wording.Words | None:
    table = wording.RECIPIENT if happening.role == RECIPIENT else wording.OWNER
    return table.get((happening.kind, happening.status)) or table.get((wording.ANY, happening.status))


def _reason(happening: Happening) -> list[str]:
    """Return what may be said about the reason, and that no money is lost where that is so."""
    said = wording.REASONS.get(happening.reason)
    sentences = [said] if said and happening.status not in {"completed", "under_review"} else []
    if happening.status in _MONEY_BACK and happening.kind != "deposit":
        sentences.append("Nothing was taken from your balance.")
    return sentences


def _amount(happening: Happening) -> str:
    chain = f" on {happening.chain.capitalize()}" if happening.chain else ""
    symbol = happening.asset if happening.asset in assets.SYMBOLS else ""
    return f"{happening.amount} {symbol}{chain}".strip()
