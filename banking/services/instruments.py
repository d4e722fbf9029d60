"""Adding and removing customers' cards and bank accounts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from banking import queries
from banking.models import Instrument, InstrumentStatus, InstrumentType
from core.encryption import fields
from core.kernel import errors, ids

_TOKEN = re.compile(r"(pm|tok|card)_[A-Za-z0-9_]{1,80}", re.ASCII)
_DIGITS_LIKE_A_CARD = re.compile(r"(?:\d[ -]?){12,18}\d", re.ASCII)
_ROUTING = re.compile(r"[0-9]{9}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{4,17}", re.ASCII)
_WEIGHTS = (3, 7, 1)
FUNDINGS = ("checking", "savings")


class InstrumentExists(errors.Conflict):
    """The customer has this instrument already. HTTP 409."""

    default_code = "instrument_exists"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCard:
    """A card as the token that its provider gave for it."""

    token: str
    holder: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBankAccount:
    """A bank account in the United States."""

    routing_number: str
    account_number: str
    funding: str
    holder: str


def add_card(*, customer_id: UUID, card: NewCard) -> Instrument:
    """Keep a card token for a customer.

    Raises: InvalidInput (``card_number_refused``, ``invalid_token``); InstrumentExists.
    """
    for name, text in (("token", card.token), ("holder", card.holder), ("label", card.label)):
        if looks_like_card_number(text):
            raise errors.InvalidInput(
                code="card_number_refused",
                detail="Never send a card number: send your provider's token.",
                pointer=f"/{name}",
            )
    if not _TOKEN.fullmatch(card.token):
        raise errors.InvalidInput(code="invalid_token", detail="This is no card token.", pointer="/token")
    return _add(
        Instrument(
            id=ids.uuid7(),
            customer_id=customer_id,
            type=InstrumentType.CARD,
            method="card",
            secret=card.token,
            fingerprint=fields.blind_index(f"card:{card.token}"),
            holder=card.holder,
            label=card.label or "Card",
        )
    )


def add_bank_account(*, customer_id: UUID, account: NewBankAccount) -> Instrument:
    """Keep a bank account for a customer; the account number is encrypted.

    Raises: InvalidInput (``invalid_routing_number``, ``invalid_account_number``, ``invalid_funding``);
        InstrumentExists.
    """
    if not is_routing_number(account.routing_number):
        raise errors.InvalidInput(
            code="invalid_routing_number", detail="This is no routing number of a US bank.", pointer="/routing_number"
        )
    if not _ACCOUNT.fullmatch(account.account_number):
        raise errors.InvalidInput(
            code="invalid_account_number", detail="An account number has 4 to 17 digits.", pointer="/account_number"
        )
    if account.funding not in FUNDINGS:
        raise errors.InvalidInput(
            code="invalid_funding", detail="It is a checking or a savings account.", pointer="/funding"
        )
    last4 = account.account_number[-4:]
    return _add(
        Instrument(
            id=ids.uuid7(),
            customer_id=customer_id,
            type=InstrumentType.BANK_ACCOUNT,
            method="ach",
            secret=account.account_number,
            fingerprint=fields.blind_index(f"us:{account.routing_number}:{account.account_number}"),
            holder=account.holder,
            label=f"Bank account ••{last4}",
            last4=last4,
            routing_number=account.routing_number,
            funding=account.funding,
        )
    )


def rename(*, customer_id: UUID, instrument_id: UUID, label: str) -> Instrument:
    """Call an instrument something else. Raises: InstrumentNotFound; InvalidInput (``card_number_refused``)."""
    if looks_like_card_number(label):
        raise errors.InvalidInput(code="card_number_refused", detail="A label is no card number.", pointer="/label")
    with transaction.atomic():
        row = queries.get(customer_id=customer_id, instrument_id=instrument_id)
        Instrument.objects.filter(id=row.id).update(label=label, version=row.version + 1)
        return queries.get(customer_id=customer_id, instrument_id=instrument_id)


def remove(*, customer_id: UUID, instrument_id: UUID) -> None:
    """Let nothing new be done with an instrument; what runs is finished with it. Raises: InstrumentNotFound."""
    with transaction.atomic():
        row = queries.get(customer_id=customer_id, instrument_id=instrument_id)
        Instrument.objects.filter(id=row.id).update(status=InstrumentStatus.REMOVED, version=row.version + 1)


def looks_like_card_number(text: str) -> bool:
    """Tell whether a text holds what passes for a card number: 13 to 19 digits with a valid Luhn checksum.

    Source: ISO/IEC 7812-1, annex B.
    """
    return any(_luhn([int(c) for c in found.group() if c.isdigit()]) for found in _DIGITS_LIKE_A_CARD.finditer(text))


def is_routing_number(text: str) -> bool:
    """Tell whether this is a routing number: nine digits with the American Bankers Association's checksum."""
    if not _ROUTING.fullmatch(text) or text == "000000000":
        return False
    return sum(int(digit) * _WEIGHTS[place % 3] for place, digit in enumerate(text)) % 10 == 0


def _luhn(digits: list[int]) -> bool:
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _add(row: Instrument) -> Instrument:
    try:
        with transaction.atomic():
            Instrument.objects.bulk_create([row])
    except IntegrityError as error:
        if "banking_instrument_once" not in str(error):
            raise
        raise InstrumentExists(detail="You have added this already.") from error
    return queries.get(customer_id=row.customer_id, instrument_id=row.id)
