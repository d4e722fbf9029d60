"""The words that customers read, as data: by kind of transaction and status, for its owner and for its recipient.

Plain words. Rules, alerts, scores and cases are never named, so that nobody learns why something was looked at: what
is under review reads the same whatever the reason, and a reason that is not listed here is not mentioned at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

ANY = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A title and a sentence. ``{amount}`` and ``{noun}`` are filled in."""

    title: str
    body: str


NOUNS: Mapping[str, str] = MappingProxyType(
    {"deposit": "deposit", "withdrawal": "withdrawal", "transfer": "transfer", "reversal": "reversal"}
)
OWNER: Mapping[tuple[str, str], Words] = MappingProxyType(
    {
        (ANY, "pending"): Words("We have your {noun}", "We received your {noun} of {amount} and are preparing it."),
        (ANY, "requires_action"): Words(
            "Your {noun} needs you", "Your {noun} of {amount} waits for you. Open the app to go on."
        ),
        (ANY, "under_review"): Words(
            "We are checking your {noun}", "Your {noun} of {amount} is being checked. There is nothing for you to do."
        ),
        (ANY, "processing"): Words("Your {noun} is on its way", "Your {noun} of {amount} is being carried out."),
        (ANY, "compensating"): Words(
            "We are undoing your {noun}", "Your {noun} of {amount} could not be finished. We are undoing it."
        ),
        (ANY, "completed"): Words("Your {noun} is complete", "Your {noun} of {amount} is complete."),
        (ANY, "failed"): Words("Your {noun} did not go through", "Your {noun} of {amount} did not go through."),
        (ANY, "expired"): Words("Your {noun} has expired", "Your {noun} of {amount} was not carried out in time."),
        (ANY, "reversed"): Words("Your {noun} was reversed", "Your {noun} of {amount} was taken back."),
        ("deposit", "completed"): Words("Your deposit has arrived", "Your deposit of {amount} is in your balance."),
        ("deposit", "reversed"): Words(
            "Your deposit was taken back", "Your deposit of {amount} was taken back by your card company or bank."
        ),
        ("withdrawal", "processing"): Words(
            "Your withdrawal is on its way", "{amount} is on its way to your bank account."
        ),
        ("withdrawal", "completed"): Words(
            "Your withdrawal is complete", "{amount} was paid out to your bank account."
        ),
        ("withdrawal", "reversed"): Words(
            "Your withdrawal came back", "Your bank returned {amount}. The money is in your balance again."
        ),
        ("transfer", "completed"): Words("You sent money", "You sent {amount}. It has arrived."),
        ("reversal", "completed"): Words("Money was moved back", "{amount} of an earlier transaction was moved back."),
    }
)
RECIPIENT: Mapping[tuple[str, str], Words] = MappingProxyType(
    {(ANY, "completed"): Words("You received money", "{amount} was added to your balance.")}
)
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "canceled_by_customer": "You canceled it.",
        "deadline_passed": "It took too long.",
        "quote_expired": "The price had expired.",
        "insufficient_funds": "There was not enough money in your balance.",
        "funds_reversible": "Part of your balance cannot leave yet.",
        "card_declined": "The card was declined.",
        "expired_card": "The card has expired.",
        "incorrect_cvc": "The security code of the card was not right.",
        "authentication_failed": "The card company could not confirm that it was you.",
        "account_closed": "The bank account is closed.",
        "account_not_found": "The bank does not know this account.",
        "provider_rejected": "The bank or card company refused it.",
        "provider_unavailable": "The bank or card company could not be reached.",
        "no_provider_available": "The bank or card company could not be reached.",
    }
)
GREETING = "Hello {name},"
CLOSING = "diBoaS\n\nYou can turn these e-mails off in your preferences."
