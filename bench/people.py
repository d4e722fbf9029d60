"""Many customers for a measurement: verified, of rate class bench, with a card, an API key and money.

Run in the environment of an installation: ``python -m bench.people 200`` prints them as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import django

# The work factor of a password is no part of any measure here, and two hundred of them take half a minute.
_FAST = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def main() -> None:
    """Create as many customers as the first argument says and print handle, key and card of each."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "diboas.settings.dev")
    django.setup()
    from django.test import override_settings  # noqa: PLC0415 - needs configured settings

    with override_settings(PASSWORD_HASHERS=_FAST):
        print(json.dumps(create(count=int(sys.argv[1]))))


def create(*, count: int, prefix: str = "bench") -> list[dict[str, Any]]:
    """Create customers; whoever is there already is left as he is, with a new key."""
    from banking.models import Instrument  # noqa: PLC0415 - needs the app registry
    from banking.services import instruments  # noqa: PLC0415 - needs the app registry
    from core.identity import api_keys, customers  # noqa: PLC0415 - same
    from core.identity.principals import ALL_SCOPES  # noqa: PLC0415 - same
    from core.kernel.money import Money  # noqa: PLC0415 - same
    from core.ledger import funding  # noqa: PLC0415 - same

    made = []
    for number in range(count):
        handle = f"{prefix}{number}"
        view = customers.find_by_handle(handle) or customers.create(
            customers.NewCustomer(
                email=f"{handle}@bench.example",
                password="correct horse battery staple",  # noqa: S106 - nobody signs in with it
                handle=handle,
                display_name=handle.title(),
                country="US",
                kyc_level=3,
                rate_class="bench",
            )
        )
        if not view.preferences:
            # They are told in the app; a mail server is no part of a lifecycle.
            quiet = {"preferences": {"email_notifications": False}}
            view = customers.change(customer_id=view.id, fields=quiet, version=view.version)
        funding.grant(customer_id=view.id, amount=Money.of(1_000_000, "USD"), key=f"bench:{handle}")
        card = Instrument.objects.filter(customer_id=view.id).first() or instruments.add_card(
            customer_id=view.id,
            card=instruments.NewCard(token="pm_card_visa", holder=handle.title(), label="Visa"),  # noqa: S106 - a test card
        )
        _, key = api_keys.issue(customer_id=view.id, name="Bench", scopes=sorted(ALL_SCOPES), live=False)
        made.append({"id": str(view.id), "handle": handle, "api_key": key, "card": card.public_id})
    return made


if __name__ == "__main__":
    main()
