"""Stripe: card charges in, by PaymentIntents.

API: https://docs.stripe.com/api/payment_intents, version 2026-10-28.endive (checked 2026-11).
Auth: ``Authorization: Bearer sk_...``. Requests are forms with brackets, answers JSON. Amounts in the smallest unit.
Idempotency: header ``Idempotency-Key``, kept 24 hours at least; same key and same body gets the first answer again,
also a 500; other body: ``idempotency_error``; still running: 409. Not kept when a parameter was invalid.
Limits: about 100 writes a second live, 25 in test mode; 429 when exceeded (also ``lock_timeout``): nothing executed.
Webhooks: ``Stripe-Signature: t=...,v1=...``, HMAC-SHA256 of ``t.body``, the secret as written. Doubled, in any order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from http import HTTPStatus
from urllib.parse import quote, urlencode

import structlog

from core.kernel.clock import Clock
from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Stage
from core.providers.transport import http, signatures
from core.providers.transport.wire import Doc

_log = structlog.get_logger(__name__)

CODE = "stripe"
HOSTS = frozenset({"api.stripe.com"})
VERSION = "2026-10-28.endive"
INTENTS = "/v1/payment_intents"
EXPANDED = ("expand[]", "latest_charge.balance_transaction")
EXPANDED_IN_LISTS = ("expand[]", "data.latest_charge.balance_transaction")
# What Stripe publishes for cards: 2.9 % and 0.30 of the currency.
PRICE = (Fraction(29, 1000), 30)

# ---------------------------------------------------------------------------------------------------- capabilities
CAPABILITIES = (
    contract.Capability(
        type=contract.ProviderType.ON_RAMP,
        operation=Operation.CHARGE,
        method="card",
        assets=("USD", "EUR", "GBP"),
        minimum_units=10_00,
        maximum_units=999_999_99,
        eta_seconds=4,
        fee_code="stripe_card",
        firm_quote=False,
        server_initiated=True,
        proof=contract.Proof.KEY_REPLAY,
        key_lifetime=timedelta(hours=23),
        needs_cover=False,
        poll_after_s=30.0,
        reversible_for=timedelta(days=120),
    ),
)

# ------------------------------------------------------------------------------------------------------ status map
STAGES: Mapping[str, Stage] = {
    "requires_payment_method": Stage.DECLINED,  # only with an error; without one nothing was tried yet
    "requires_action": Stage.ACTION_REQUIRED,
    "processing": Stage.SUBMITTED,
    "requires_capture": Stage.ACCEPTED,
    "canceled": Stage.CANCELED,
    "succeeded": Stage.SETTLED,
}
# Lost, stolen and fraudulent are told apart by nobody: a thief must not learn why.
DECLINES: Mapping[str, str] = {
    "insufficient_funds": "card_insufficient_funds",
    "expired_card": "card_expired",
    "incorrect_cvc": "card_cvc_incorrect",
    "invalid_cvc": "card_cvc_incorrect",
    "incorrect_number": "card_number_incorrect",
    "authentication_required": "card_authentication_required",
    "payment_intent_authentication_failure": "card_authentication_failed",
    "card_velocity_exceeded": "card_velocity_exceeded",
    "card_not_supported": "card_not_supported",
    "currency_not_supported": "card_not_supported",
    "processing_error": "card_processing_error",
    "issuer_not_available": "card_issuer_unavailable",
    "try_again_later": "card_issuer_unavailable",
}
TAKES_MONEY = frozenset({"charge.dispute.created", "charge.dispute.funds_withdrawn"})
GIVES_MONEY = "charge.dispute.funds_reinstated"


# ------------------------------------------------------------------------------------------------ request builders
def charge_call(order: contract.Order, *, return_url: str) -> http.Call:
    """Build the call that creates and confirms a charge."""
    fields = [
        ("amount", str(order.amount.units)),
        ("currency", order.amount.asset.symbol.lower()),
        ("payment_method", order.instrument["token"]),
        ("payment_method_types[]", "card"),
        ("confirm", "true"),
        ("metadata[reference]", order.reference),
        ("metadata[key]", order.key),
        EXPANDED,
        *([("return_url", return_url)] if return_url else []),
    ]
    call = http.Call.form(operation=Operation.CHARGE, path=INTENTS, fields=fields, key=order.key)
    return dataclasses.replace(call, correlation_id=order.correlation_id)


def cancel_call(query: contract.Query, *, provider_ref: str) -> http.Call:
    """Build the cancelling of an intent."""
    path = f"{INTENTS}/{quote(provider_ref, safe='')}/cancel"
    call = http.Call.form(operation="cancel", path=path, fields=[], key=f"{query.key}:cancel")
    return dataclasses.replace(call, key=query.key)


def read_call(query: contract.Query, *, provider_ref: str) -> http.Call:
    """Build the reading of one intent."""
    path = f"{INTENTS}/{quote(provider_ref, safe='')}?{urlencode([EXPANDED])}"
    return http.Call(operation="status", method="GET", path=path, key=query.key)


def search_call(query: contract.Query) -> http.Call:
    """Build the look-up of an intent by our key, which has no quotes in it."""
    search = urlencode([("query", f"metadata['key']:'{query.key}'"), ("limit", "1"), EXPANDED_IN_LISTS])
    return http.Call(operation="status", method="GET", path=f"{INTENTS}/search?{search}", key=query.key)


# ------------------------------------------------------------------------------------------------ response parsers
def intent_report(intent: Doc) -> contract.Report:
    """Read a PaymentIntent. A status we do not know is UNMAPPED and never settles anything."""
    status, failure = intent.text("status"), intent.find_doc("last_payment_error")
    stage = STAGES.get(status, Stage.UNMAPPED)
    if stage is Stage.UNMAPPED or (stage is Stage.DECLINED and failure is None):
        stage = Stage.UNMAPPED
        _log.warning("providers.unmapped_status", provider=CODE, status=status)
    metadata = intent.find_doc("metadata") or Doc({})
    received = intent.find_whole("amount_received")
    units = received if stage is Stage.SETTLED and received is not None else intent.whole("amount")
    return contract.Report(
        operation=Operation.CHARGE,
        stage=stage,
        provider_ref=intent.text("id"),
        key=metadata.find_text("key"),
        reference=metadata.find_text("reference"),
        amount=Money.of(units, intent.text("currency").upper()),
        reason=_decline(failure) if stage is Stage.DECLINED and failure else "",
        raw_status=status,
        occurred_at=intent.unix("created"),
        provider_fee=_fee(intent),
        action=_action(intent) if stage is Stage.ACTION_REQUIRED else {},
    )


def found_report(found: Doc) -> contract.Report:
    """Read a search's answer. Its index lags, so that it finds nothing proves nothing."""
    for intent in found.docs("data"):
        return intent_report(intent)
    raise contract.OutcomeUnknown(code="not_found_yet", detail="The search does not know the key.")


def dispute_report(dispute: Doc, *, event_type: str) -> contract.Report:
    """Read a dispute as news of the charge it is about. An inquiry or a closed one moves nothing by itself."""
    status = dispute.text("status")
    stage = Stage.REINSTATED if event_type == GIVES_MONEY else Stage.UNMAPPED
    if event_type in TAKES_MONEY and not status.startswith("warning_"):
        stage = Stage.DISPUTED
    return contract.Report(
        operation=Operation.CHARGE,
        stage=stage,
        provider_ref=dispute.text("payment_intent"),
        amount=Money.of(dispute.whole("amount"), dispute.text("currency").upper()),
        reason=str(stage) if stage is Stage.REINSTATED else dispute.find_text("reason") or "disputed",
        raw_status=f"dispute_{status}",
        provider_fee=_dispute_fee(dispute) if stage is Stage.DISPUTED else None,
        incident=dispute.find_text("id"),
        occurred_at=dispute.unix("created"),
    )


def news(event: Doc) -> contract.News:
    """Read one event; what concerns no charge of ours comes without a report.

    Events are never expanded, so that one of a success does not say what Stripe kept: that is asked for.
    """
    kind = event.text("type")
    subject = event.doc("data").doc("object")
    report = None
    # The event of its creation shows an intent before our confirmation of it: no news.
    if kind.startswith("payment_intent.") and kind != "payment_intent.created":
        report = intent_report(subject)
    elif kind.startswith("charge.dispute.") and subject.find_text("payment_intent"):
        report = dispute_report(subject, event_type=kind)
    if report is not None and report.stage is Stage.SETTLED and report.provider_fee is None:
        query = contract.Query(
            operation=report.operation, key=report.key, reference=report.reference, provider_ref=report.provider_ref
        )
        return contract.News(
            event_id=event.text("id"), event_type=kind, report=None, query=query, only_settles=bool(report.key)
        )
    return contract.News(event_id=event.text("id"), event_type=kind, report=report, query=None)


def refusal(answer: http.Answer) -> contract.ProviderError:
    """Read an answer of 4xx."""
    error = answer.doc.find_doc("error") or Doc({})
    kind, code = error.find_text("type"), error.find_text("code")
    word = error.find_text("decline_code") or code or kind
    detail = f"Stripe answered {answer.status} {kind} {code}."
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return contract.Unavailable(code="provider_auth_failed", detail=detail, provider_code=word)
    if kind == "card_error" or answer.status == HTTPStatus.PAYMENT_REQUIRED:
        return contract.Rejected(code=_decline(error), detail=detail, provider_code=word)
    # The key is known with another body, or is being worked on: something may have been executed under it.
    if not kind or kind == "idempotency_error" or answer.status == HTTPStatus.CONFLICT:
        return contract.OutcomeUnknown(detail=detail, provider_code=word)
    if code == "resource_missing":
        return contract.Rejected(code="instrument_invalid", detail=detail, provider_code=word)
    return contract.Rejected(detail=detail, provider_code=word)


def _decline(error: Doc) -> str:
    code = error.find_text("code")
    return DECLINES.get(error.find_text("decline_code") or code) or DECLINES.get(code, "card_declined")


def _dispute_fee(dispute: Doc) -> Money | None:
    """Read what Stripe took for the dispute itself. Without it the dispute is news all the same."""
    entries = dispute.fields.get("balance_transactions")
    taken = Doc(entries[0]) if isinstance(entries, list) and entries and isinstance(entries[0], dict) else None
    units = taken.find_whole("fee") if taken else None
    return Money.of(units, taken.text("currency").upper()) if taken and units else None


def _fee(intent: Doc) -> Money | None:
    charge = intent.expanded("latest_charge")
    entry = charge.expanded("balance_transaction") if charge else None
    return Money.of(entry.whole("fee"), entry.text("currency").upper()) if entry else None


def _action(intent: Doc) -> Mapping[str, str]:
    action = intent.find_doc("next_action") or Doc({})
    redirect = action.find_doc("redirect_to_url") or Doc({})
    return {"type": action.find_text("type"), "url": redirect.find_text("url")}


# --------------------------------------------------------------------------------------------------------- adapter
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What belongs to one Stripe account. Several webhook secrets hold while they are rotated."""

    base_url: str
    api_key: str
    webhook_secrets: Sequence[str]
    allowed_hosts: frozenset[str] = HOSTS
    return_url: str = ""


class StripeAdapter:
    """Speaks to Stripe. Stateless but for its open connections."""

    code = CODE
    name = "Stripe"
    capabilities: tuple[contract.Capability, ...] = CAPABILITIES

    def __init__(self, *, credentials: Credentials, clock: Clock, limits: http.Limits | None = None) -> None:
        self._credentials = credentials
        self._clock = clock
        self._client = http.Client(
            provider=CODE,
            base_url=credentials.base_url,
            allowed_hosts=credentials.allowed_hosts,
            headers={"Authorization": f"Bearer {credentials.api_key}", "Stripe-Version": VERSION},
            limits=limits,
        )

    def quote(self, order: contract.Order) -> contract.ProviderQuote:
        fee = order.amount.fraction(PRICE[0]) + Money(PRICE[1], order.amount.asset)
        return contract.ProviderQuote(fee=fee, eta_seconds=CAPABILITIES[0].eta_seconds, firm=False)

    def submit(self, order: contract.Order) -> contract.Report:
        call = charge_call(order, return_url=self._credentials.return_url)
        return self._client.ask(call, read=intent_report, refusal=refusal)

    def status(self, query: contract.Query) -> contract.Report:
        """Ask by id; without one send the order again under its key; without the order search. Never None: no proof."""
        if query.provider_ref:
            call = read_call(query, provider_ref=query.provider_ref)
            return self._client.ask(call, read=intent_report, refusal=refusal)
        try:
            report = self.submit(query.order) if query.order else self._search(query)
        except contract.Rejected as declined:
            return contract.Report(
                operation=Operation.CHARGE, stage=Stage.DECLINED, provider_ref="", key=query.key, reason=declined.code
            )
        except contract.OutcomeUnknown:
            # A stored 500 is replayed for ever; only the search sees past it.
            return self._search(query)
        if report.stage is Stage.SETTLED:
            return report
        # A replay tells the first answer, not the present state.
        return self.status(dataclasses.replace(query, provider_ref=report.provider_ref))

    def cancel(self, query: contract.Query) -> contract.Report:
        """Cancel what waits for the customer; the answer says if it was too late. Never sends the order again."""
        current = self.status(dataclasses.replace(query, order=None))
        if current.stage is not Stage.ACTION_REQUIRED:
            return current
        try:
            call = cancel_call(query, provider_ref=current.provider_ref)
            return self._client.ask(call, read=intent_report, refusal=refusal)
        except contract.Rejected:
            return self.status(dataclasses.replace(query, provider_ref=current.provider_ref))

    def parse_webhook(self, delivery: contract.Delivery) -> Sequence[contract.News]:
        if not delivery.verified:
            secrets, now_s = self._credentials.webhook_secrets, self._clock.now().timestamp()
            signatures.timestamped(delivery, header="stripe-signature", scheme="v1", secrets=secrets, now_s=now_s)
        return signatures.event(delivery, read=news)

    def probe(self) -> None:
        call = http.Call(operation="probe", method="GET", path="/v1/balance")
        self._client.ask(call, read=lambda balance: balance, refusal=refusal)

    def _search(self, query: contract.Query) -> contract.Report:
        return self._client.ask(search_call(query), read=found_report, refusal=refusal)
