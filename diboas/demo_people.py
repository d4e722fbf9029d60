"""The people of a development installation, their sign-ins kept in one file of the data folder."""

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from core.identity import api_keys, customers, staff
from core.identity.models import User
from core.identity.principals import ALL_SCOPES
from core.identity.roles import Role
from diboas import demo_money

DOMAIN = "demo.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A demo customer; rate class and KYC level are data like everybody's. ``has_coins``: she begins on the chain."""

    handle: str
    name: str
    kyc_level: int = 3
    rate_class: str = "bench"
    has_coins: bool = False


PEOPLE = (
    Person(handle="ana", name="Ana Silva"),
    Person(handle="bruno", name="Bruno Costa"),
    Person(handle="carla", name="Carla Nunes"),
    Person(handle="dora", name="Dora Lima", kyc_level=1, rate_class="standard"),
    # Coins have a price that moves: what the others have in all stays the same from one look to the next.
    Person(handle="eva", name="Eva Prado", has_coins=True),
)
ROLES = tuple(role.value for role in Role)
SUPERUSER = "superuser"


def load(*, known: dict[str, Any]) -> dict[str, Any]:
    """Create who is missing, and return everybody's sign-ins as `customers` and `staff`.

    `known` is what an earlier call returned; passwords and keys in it stay valid.
    """
    demo_money.open_cover()
    had = {each["email"]: each for each in [*known.get("customers", []), *known.get("staff", [])]}
    return {
        "customers": [
            _customer(person, had.get(_email(person.handle), {}), number) for number, person in enumerate(PEOPLE)
        ],
        "staff": [_staff(role, had.get(_email(role), {})) for role in (*ROLES, SUPERUSER)],
    }


def read(*, path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return facts


def _customer(person: Person, had: dict[str, Any], number: int) -> dict[str, Any]:
    password = _password(had)
    view = customers.find_by_handle(person.handle)
    if view is None:
        view = _create(person, password)
    elif not had:
        _renew_password(view.email, password)
    key = had.get("api_key", "")
    proof = api_keys.prove(key) if key else None
    if proof is None or proof.customer.id != view.id or proof.is_revoked or proof.is_expired:
        _, key = api_keys.issue(customer_id=view.id, name="Demo", scopes=sorted(ALL_SCOPES), live=False)
    return {
        "handle": person.handle,
        "email": view.email,
        "password": password,
        "api_key": key,
        "instruments": _settle_in(view.id, person, number),
    }


def _settle_in(customer_id: UUID, person: Person, number: int) -> dict[str, str]:
    if person.has_coins:
        demo_money.grant_coins(customer_id=customer_id, handle=person.handle)
    return demo_money.settle_in(customer_id=customer_id, handle=person.handle, name=person.name, number=number)


def _staff(role: str, had: dict[str, Any]) -> dict[str, Any]:
    password, email = _password(had), _email(role)
    totp_secret = had.get("totp_secret") or base64.b32encode(secrets.token_bytes(20)).decode()
    user = User.objects.filter(email=email).first()
    if user is not None and not had:
        # The file with the secret is gone, and nobody can read it back: this person starts anew.
        user.email = f"{role}-{secrets.token_hex(4)}@retired.example"
        user.is_active = False
        user.save(update_fields=["email", "is_active"])
        user = None
    if user is None:
        staff.create(
            email=email,
            password=password,
            role=Role.OPERATIONS if role == SUPERUSER else role,
            totp_secret=totp_secret,
            superuser=role == SUPERUSER,
        )
    return {"email": email, "password": password, "totp_secret": totp_secret, "role": role}


def _create(person: Person, password: str) -> customers.CustomerView:
    return customers.create(
        customers.NewCustomer(
            email=_email(person.handle),
            password=password,
            handle=person.handle,
            display_name=person.name,
            country="US",
            kyc_level=person.kyc_level,
            rate_class=person.rate_class,
        )
    )


def _renew_password(email: str, password: str) -> None:
    """Give a customer whose sign-in was lost with the file a new one."""
    user = User.objects.get(email=email)
    user.set_password(password)
    user.save(update_fields=["password"])


def _password(had: dict[str, Any]) -> str:
    return str(had.get("password") or secrets.token_urlsafe(12))


def _email(name: str) -> str:
    return f"{name}@{DOMAIN}"
