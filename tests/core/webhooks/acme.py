"""A provider for the tests of the inbox: it signs with a word, and its events say what it reports."""

import json
import secrets
from collections.abc import Sequence
from datetime import timedelta

from core.kernel.money import Money
from core.providers import contract


class Acme:
    """Keeps what it is asked; ``known`` maps its ids to reports or to the error that asking ends with."""

    name = "Acme"
    capabilities: tuple[contract.Capability, ...] = (
        contract.Capability(
            type=contract.ProviderType.OFF_RAMP,
            operation=contract.Operation.PAYOUT,
            method="ach",
            assets=("USD",),
            minimum_units=1,
            maximum_units=10**9,
            eta_seconds=60,
            fee_code="acme",
            firm_quote=True,
            server_initiated=True,
            proof=contract.Proof.LOOKUP_BY_KEY,
            key_lifetime=timedelta(days=1),
            needs_cover=False,
            poll_after_s=1.0,
            reversible_for=timedelta(days=1),
        ),
    )

    def __init__(self) -> None:
        # A name of its own in each test: breakers and health live in Redis, longer than a test.
        self.code = f"acme{secrets.token_hex(4)}"
        self.asked: list[str] = []
        self.known: dict[str, contract.Report | Exception] = {}

    def quote(self, order: contract.Order) -> contract.ProviderQuote:
        return contract.ProviderQuote(fee=Money.of(1, "USD"), eta_seconds=60, firm=True)

    def submit(self, order: contract.Order) -> contract.Report:
        raise contract.Rejected

    def status(self, query: contract.Query) -> contract.Report | None:
        self.asked.append(query.provider_ref)
        found = self.known.get(query.provider_ref)
        if isinstance(found, Exception):
            raise found
        return found

    def cancel(self, query: contract.Query) -> contract.Report:
        raise contract.Rejected

    def parse_webhook(self, delivery: contract.Delivery) -> Sequence[contract.News]:
        if not delivery.verified and delivery.headers.get("acme-signature") != "good":
            raise contract.SignatureInvalid(detail="No.")
        event = json.loads(delivery.body)
        ref, kind = event["ref"], event["type"]
        key = event.get("key", "")
        thin = contract.Query(operation=contract.Operation.PAYOUT, key=key, reference="", provider_ref=ref)
        return [
            contract.News(
                event_id=event["id"],
                event_type=kind,
                report=report(ref) if kind == "full" else None,
                query=thin if kind in {"thin", "settles"} else None,
                only_settles=kind == "settles",
            )
        ]

    def probe(self) -> None:
        self.asked.append("probe")


def report(ref: str) -> contract.Report:
    """Return the report of a settled payout."""
    return contract.Report(
        operation=contract.Operation.PAYOUT,
        stage=contract.Stage.SETTLED,
        provider_ref=ref,
        amount=Money.of(1000, "USD"),
    )


def body(event_id: str, *, ref: str = "po_1", kind: str = "full", key: str = "") -> bytes:
    """Return the body of an event."""
    return json.dumps({"id": event_id, "ref": ref, "type": kind, "key": key}).encode()
