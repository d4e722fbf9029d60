"""Test payment methods and what happens to a charge on each, as Stripe documents them for its test mode."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.engine.values import Json

# Stripe's id for the test card: (brand, number).
_CARDS = {
    "visa": ("visa", "4242424242424242"),
    "visa_debit": ("visa", "4000056655665556"),
    "mastercard": ("mastercard", "5555555555554444"),
    "amex": ("amex", "378282246310005"),
    "chargeDeclined": ("visa", "4000000000000002"),
    "visa_chargeDeclined": ("visa", "4000000000000002"),
    "chargeDeclinedInsufficientFunds": ("visa", "4000000000009995"),
    "visa_chargeDeclinedInsufficientFunds": ("visa", "4000000000009995"),
    "chargeDeclinedLostCard": ("visa", "4000000000009987"),
    "visa_chargeDeclinedLostCard": ("visa", "4000000000009987"),
    "chargeDeclinedStolenCard": ("visa", "4000000000009979"),
    "visa_chargeDeclinedStolenCard": ("visa", "4000000000009979"),
    "chargeDeclinedExpiredCard": ("visa", "4000000000000069"),
    "chargeDeclinedIncorrectCvc": ("visa", "4000000000000127"),
    "chargeDeclinedProcessingError": ("visa", "4000000000000119"),
    "chargeDeclinedFraudulent": ("visa", "4100000000000019"),
    "threeDSecure2Required": ("visa", "4000000000003220"),
    "threeDSecureRequired": ("visa", "4000000000003063"),
    "authenticationRequired": ("visa", "4000002760003184"),
    "createDispute": ("visa", "4000000000000259"),
}
_DECLINES = {
    "0002": "generic_decline",
    "9995": "insufficient_funds",
    "9987": "lost_card",
    "9979": "stolen_card",
    "0069": "expired_card",
    "0127": "incorrect_cvc",
    "0119": "processing_error",
    "0019": "fraudulent",
}
_AUTHENTICATE = ("3220", "3063", "3184")
_DISPUTE = ("0259",)
_MESSAGES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
_OWN_CODES = ("expired_card", "incorrect_cvc", "processing_error", "authentication_required")
_BANK_TOKENS = {"pm_usBankAccount_success": "6789", "pm_usBankAccount": "6789", "pm_usBankAccount_noAccount": "1116"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """Why a charge is refused, in Stripe's words."""

    code: str
    decline_code: str
    message: str


def decline(reason: str) -> Decline:
    """Return the decline for one of Stripe's decline codes."""
    return Decline(
        code=reason if reason in _OWN_CODES else "card_declined",
        decline_code=reason,
        message=_MESSAGES.get(reason, "Your card was declined."),
    )


def declined_by(method: Json) -> Decline | None:
    """Return why this method declines every charge, or None."""
    last4 = method.get("card", {}).get("last4", "")
    return decline(_DECLINES[last4]) if last4 in _DECLINES else None


def needs_customer(method: Json) -> bool:
    """Say whether the customer must authenticate (3-D Secure)."""
    return method.get("card", {}).get("last4") in _AUTHENTICATE


def disputes_later(method: Json) -> bool:
    """Say whether a charge on this method is disputed right after it succeeded."""
    return method.get("card", {}).get("last4") in _DISPUTE


def bank_fails(method: Json) -> bool:
    """Say whether a bank debit on this method comes back."""
    return bool(method.get("us_bank_account", {}).get("last4") == "1116")


def from_token(token: str) -> Json | None:
    """Return the kind-specific part of the method that a test token stands for, or None for an unknown one."""
    if token in _BANK_TOKENS:
        return {"type": "us_bank_account", "us_bank_account": _bank(_BANK_TOKENS[token])}
    name = token.removeprefix("pm_card_").removeprefix("tok_")
    if name == token or name not in _CARDS:
        return None
    brand, number = _CARDS[name]
    return {"type": "card", "card": _card(brand, number)}


def from_number(number: str) -> Json:
    """Return the kind-specific part of a method made from a test card's number."""
    brands = {known: brand for brand, known in _CARDS.values()}
    return {"type": "card", "card": _card(brands[number], number)} if number in brands else {}


def _card(brand: str, number: str) -> Json:
    return {
        "brand": brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "unchecked"},
        "country": "US",
        "display_brand": brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"sandbox{number[-4:]}",
        "funding": "debit" if number.startswith("400005") else "credit",
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _bank(last4: str) -> Json:
    return {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": f"sandboxbank{last4}",
        "last4": last4,
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": "110000000",
        "status_details": {},
    }
