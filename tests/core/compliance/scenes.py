"""Subjects, claims and held-up transactions for the tests of compliance."""

import json
from datetime import UTC, datetime

from django.db import connection, transaction

from core.identity.customers import CustomerView
from core.kernel import ids
from core.kernel.money import Money
from core.ledger import funding
from core.orchestration import accept
from core.orchestration.engine import drain
from core.orchestration.gates import Party, Subject
from core.orchestration.kinds import Request
from tests.core.identity import people


def usd(units):
    return Money.of(units, "USD")


def row(customer, units, *, ref=None, kind="withdrawal", asset="USD"):
    customer_id = customer.id if isinstance(customer, CustomerView) else customer
    return {
        "ref": str(ref or ids.uuid7()),
        "customer": str(customer_id),
        "kind": kind,
        "asset": asset,
        "units": str(units),
    }


def consume(*rows):
    """Return the verdicts by reference, as the engine's own call would get them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ref, verdict FROM compliance_consume(%s::jsonb)", [json.dumps(rows)])
        return {str(ref): verdict for ref, verdict in cursor.fetchall()}


def verdicts(*rows):
    found = consume(*rows)
    return [found[one["ref"]] for one in rows]


def used(customer, kind="withdrawal"):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day_units, month_units FROM compliance_limituse WHERE customer_id = %s AND kind = %s",
            [customer.id, kind],
        )
        found = cursor.fetchone()
    return None if found is None else tuple(int(units) for units in found)


def party(**facts):
    given = {
        "customer_id": ids.uuid7(),
        "display_name": "Ann Example",
        "handle": "ann",
        "country": "DE",
        "kyc_level": 1,
        "status": "active",
    }
    return Party(**{**given, **facts})


def subject(**facts):
    given = {
        "transaction_id": ids.uuid7(),
        "domain": "banking",
        "kind": "withdrawal",
        "amount": usd(10_000),
        "customer": party(),
        "counterparty": None,
        "instrument_holder": "Ann Example",
        "cleared": frozenset(),
        "created_at": datetime(2026, 11, 22, tzinfo=UTC),
    }
    return Subject(**{**given, **facts})


def send_money(*, sender, recipient, units=500):
    """Fund the sender, take a transfer on and let the engine work; return the transaction's id."""
    funding.grant(customer_id=sender.id, amount=usd(100_000), key=f"test:{ids.uuid7()}")
    wish = Request(
        domain="banking",
        kind="transfer",
        side="target",
        amount=usd(units),
        asset=usd(units).asset,
        method="",
        instrument=None,
        counterparty=recipient,
        preferences={},
    )
    origin = accept.Origin(
        customer=sender, actor=f"customer:{sender.id.hex}", request_id="", correlation_id="", security={}
    )
    with transaction.atomic():
        transaction_id = accept.accept(
            agreed=accept.agree(request=wish, customer_id=origin.customer.id), origin=origin, client_reference=None
        ).id
    drain.drain(domain="banking")
    return transaction_id


def held_transfer():
    """Return the id of a transfer that waits in COMPLIANCE_CHECK: its recipient's name is on the list."""
    listed = people.make_customer(display_name="Ximena Tenebrosa Quimera")
    return send_money(sender=people.make_customer(), recipient=listed)
