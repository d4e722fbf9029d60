"""Customers: finding, creating and changing them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from core.identity import checks, evidence, models
from core.kernel import errors
from core.resilience import statements

_COLUMNS = (
    "id",
    "handle",
    "display_name",
    "country",
    "kyc_level",
    "rate_class",
    "status",
    "preferences",
    "version",
    "user__email",
)
_PREFERENCES = _COLUMNS.index("preferences")
# The columns of ``view``, for SQL in which ``c`` is the customer and ``u`` his user.
SELECTED = f"{', '.join(f'c.{column}' for column in _COLUMNS[:-1])}, u.email"
# Asked for every request and every set of the engine: building a queryset's SQL costs thrice what asking costs.
_BY_ID = f"""
    SELECT {SELECTED}
    FROM identity_customer c JOIN identity_user u ON u.id = c.user_id WHERE c.id = ANY (%s::uuid[])
"""  # noqa: S608 - column names of our own


class CustomerNotFound(errors.NotFound):
    """There is no such customer."""

    default_code = "customer_not_found"


class EmailTaken(errors.Refused):
    """Somebody signs in with this address already."""

    default_code = "email_taken"


class HandleTaken(errors.Refused):
    """Another customer has this handle."""

    default_code = "handle_taken"


class StaleVersion(errors.Conflict):
    """The customer was changed since he was read."""

    default_code = "stale_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """Who is to become a customer. ``kyc_level`` and ``rate_class`` are the platform's decision, not his."""

    email: str
    password: str
    handle: str
    display_name: str
    country: str
    kyc_level: int = 1
    rate_class: str = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """What other packages may know of a customer."""

    id: UUID
    handle: str
    display_name: str
    country: str
    kyc_level: int
    rate_class: str
    status: str
    email: str
    preferences: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1

    @property
    def is_frozen(self) -> bool:
        return self.status == models.CustomerStatus.FROZEN


def get(customer_id: UUID) -> CustomerView:
    """Return one customer.

    Raises: CustomerNotFound.
    """
    found = get_many([customer_id])
    if not found:
        raise CustomerNotFound(detail="There is no such customer.")
    return found[customer_id]


def get_many(customer_ids: Iterable[UUID]) -> dict[UUID, CustomerView]:
    """Return the customers that exist among ``customer_ids``, in one query."""
    return {row[0]: view(row) for row in statements.fetch(_BY_ID, [list(customer_ids)])}


def find_by_handle(handle: str) -> CustomerView | None:
    """Return the customer with this handle, with or without the @, in any case."""
    name = handle.strip().removeprefix("@").lower()
    row = models.Customer.objects.filter(handle=name).values_list(*_COLUMNS).first()
    return None if row is None else _view(row)


def find_by_user(user_id: int) -> CustomerView | None:
    """Return the customer who signs in as this user."""
    row = models.Customer.objects.filter(user_id=user_id).values_list(*_COLUMNS).first()
    return None if row is None else _view(row)


def view(row: tuple[Any, ...]) -> CustomerView:
    """Return the customer that a row of ``SELECTED`` is; hand-written SQL brings JSON as text."""
    return _view((*row[:_PREFERENCES], json.loads(row[_PREFERENCES]), *row[_PREFERENCES + 1 :]))


def _view(row: tuple[Any, ...]) -> CustomerView:
    return CustomerView(**dict(zip((*_COLUMNS[:-1], "email"), row, strict=True)))


def create(new: NewCustomer) -> CustomerView:
    """Create a user and the customer that he is, in one database transaction.

    Raises: InvalidInput that names the field, PasswordRefused, EmailTaken, HandleTaken.
    """
    user = models.User(email=checks.email(new.email))
    checks.password(new.password, user=user)
    user.set_password(new.password)
    customer = models.Customer(
        user=user,
        handle=checks.handle(new.handle),
        display_name=checks.display_name(new.display_name),
        country=checks.country(new.country),
        kyc_level=new.kyc_level,
        rate_class=new.rate_class,
    )
    with transaction.atomic():
        _insert(user, taken=EmailTaken(detail="This e-mail address is taken.", pointer="/email"))
        customer.user_id = user.pk
        _insert(customer, taken=HandleTaken(detail="This handle is taken.", pointer="/handle"))
        who = evidence.of_customer(customer.id)
        evidence.note(actor=who, action="customer.created", target=who, after={"handle": customer.handle})
    return get(customer.id)


def change(*, customer_id: UUID, fields: Mapping[str, Any], version: int) -> CustomerView:
    """Write ``fields`` (display_name, country, preferences) and raise the version.

    Needs: checked values. ``version`` is the one that the caller saw.
    Raises: StaleVersion.
    """
    who = evidence.of_customer(customer_id)
    rows = models.Customer.objects.filter(id=customer_id, version=version)
    with transaction.atomic():
        if not rows.update(**fields, version=F("version") + 1, updated_at=Now()):
            raise StaleVersion(detail="This was changed since you read it. Read it again.")
        evidence.note(actor=who, action="customer.changed", target=who, after={"fields": sorted(fields)})
    return get(customer_id)


def set_status(*, customer_id: UUID, status: models.CustomerStatus, actor: str, reason: str) -> CustomerView:
    """Freeze a customer, or let him move money again.

    Raises: CustomerNotFound.
    """
    with transaction.atomic():
        rows = models.Customer.objects.filter(id=customer_id)
        before = rows.select_for_update().values_list("status", flat=True).first()
        if before is None:
            raise CustomerNotFound(detail="There is no such customer.")
        rows.update(status=status.value, version=F("version") + 1, updated_at=Now())
        evidence.note(
            actor=actor,
            action="customer.status",
            target=evidence.of_customer(customer_id),
            reason=reason,
            before={"status": before},
            after={"status": status.value},
        )
    return get(customer_id)


def _insert(row: models.User | models.Customer, *, taken: errors.Refused) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "unique" not in str(error):
            raise
        raise taken from error
