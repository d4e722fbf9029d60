"""Makes customers and members of staff for tests, each with names of their own."""

import secrets

from django.test import Client

from core.identity import customers, staff
from core.identity.customers import CustomerView
from core.identity.staff import StaffView

PASSWORD = "correct-horse-battery"


def make_customer(**facts: object) -> CustomerView:
    name = f"c{secrets.token_hex(6)}"
    given = {
        "email": f"{name}@example.com",
        "password": PASSWORD,
        "handle": name,
        "display_name": "Ann Example",
        "country": "DE",
    }
    return customers.create(customers.NewCustomer(**{**given, **facts}))


def make_staff(*, totp_secret: str) -> StaffView:
    email = f"s{secrets.token_hex(6)}@example.com"
    return staff.create(email=email, password=PASSWORD, role="operations", totp_secret=totp_secret)


def client_of_its_own() -> Client:
    """Return a client at an address that no other test counts against, for sign-in is counted by address."""
    address = f"2001:db8::{secrets.token_hex(2)}:{secrets.token_hex(2)}"
    return Client(REMOTE_ADDR=address, HTTP_ACCEPT="application/json")
