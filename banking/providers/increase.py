"""Increase: payouts to bank accounts in the United States, by ACH.

API: https://increase.com/documentation/api, ACH transfers (checked 2026-11).
Auth: ``Authorization: Bearer <key>``. JSON both ways. Amounts in cents, times in ISO 8601.
Idempotency: header ``Idempotency-Key``, kept on the object for ever and unique; ``GET /ach_transfers?idempotency_key=``
finds it. Same key, other parameters: 409 ``idempotency_key_already_used_error``.
Limits: not published; 429 ``rate_limited_error`` with Retry-After: nothing executed.
States: ``submitted`` stays after settlement: settled when ``settlement`` is there. A return may follow days later.
Webhooks: Standard Webhooks with the secret's own bytes as the key (not decoded). Events are thin: ask for the object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote, urlencode

import structlog
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from core.kernel.money import Money
from core.providers import contract
from core.providers.contract import Operation, Stage
from core.providers.transport import http, signatures
from core.providers.transport.wire import Doc, Malformed

_log = structlog.get_logger(__name__)

CODE = "increase"
HOSTS = frozenset({"api.increase.com", "sandbox.increase.com"})
TRANSFERS = "/ach_transfers"
# What Increase takes for an ACH transfer: 0.25, whatever its size.
PRICE_UNITS = 25
STATEMENT = "DIBOAS PAYOUT"
SHOWN_DIGITS = 4

# ---------------------------------------------------------------------------------------------------- capabilities
CAPABILITIES = (
    contract.Capability(
        type=contract.ProviderType.OFF_RAMP,
        operation=Operation.PAYOUT,
        method="ach",
        assets=("USD",),
        minimum_units=1,
        maximum_units=1_000_000_00,
        eta_seconds=2 * 24 * 3600,
        fee_code="increase_ach",
        firm_quote=True,
        server_initiated=True,
        proof=contract.Proof.LOOKUP_BY_KEY,
        key_lifetime=timedelta(days=3650),
        needs_cover=True,
        poll_after_s=120.0,
        reversible_for=timedelta(days=5),
    ),
)

# ------------------------------------------------------------------------------------------------------ status map
STAGES: Mapping[str, Stage] = {
    "pending_approval": Stage.ACCEPTED,
    "pending_transfer_session_confirmation": Stage.ACCEPTED,
    "pending_reviewing": Stage.ACCEPTED,
    "pending_submission": Stage.ACCEPTED,
    "requires_attention": Stage.ACCEPTED,  # on hold with them: pending, with its reason
    "submitted": Stage.SUBMITTED,
    "rejected": Stage.DECLINED,
    "canceled": Stage.CANCELED,
    "returned": Stage.RETURNED,
}
RETURNS: Mapping[str, str] = {
    "insufficient_fund": "bank_insufficient_funds",
    "account_closed": "bank_account_closed",
    "no_account": "bank_account_not_found",
    "invalid_account_number_structure": "bank_account_invalid",
    "invalid_ach_routing_number": "bank_routing_number_invalid",
    "account_frozen_entry_returned_per_ofac_instruction": "bank_account_frozen",
    "non_transaction_account": "bank_account_unsuitable",
    "credit_entry_refused_by_receiver": "refused_by_recipient",
    "beneficiary_or_account_holder_deceased": "bank_account_unsuitable",
    "payment_stopped": "payment_stopped",
}
REASONS: Mapping[str, str] = {
    "rejected": "payout_rejected",
    "canceled": "payout_canceled",
    "requires_attention": "requires_attention",
}
MOMENTS: Mapping[Stage, tuple[str, str]] = {
    Stage.SUBMITTED: ("submission", "submitted_at"),
    Stage.SETTLED: ("settlement", "settled_at"),
    Stage.RETURNED: ("return", "created_at"),
    Stage.CANCELED: ("cancellation", "canceled_at"),
}


# ------------------------------------------------------------------------------------------------ request builders
def payout_call(order: contract.Order, *, account_id: str) -> http.Call:
    """Build the call that pushes money to the customer's bank account."""
    fields = {
        "account_id": account_id,
        "amount": order.amount.units,
        "statement_descriptor": STATEMENT,
        "account_number": order.instrument["account_number"],
        "routing_number": order.instrument["routing_number"],
        "funding": order.instrument["funding"],
        "individual_name": order.instrument["holder"],
        "standard_entry_class_code": "prearranged_payments_and_deposit",
        "require_approval": False,
    }
    call = http.Call.json(operation=Operation.PAYOUT, path=TRANSFERS, fields=fields, key=order.key)
    return replace(call, correlation_id=order.correlation_id)


def cancel_call(query: contract.Query, *, provider_ref: str) -> http.Call:
    """Build the cancelling of a transfer that has not left."""
    path = f"{TRANSFERS}/{quote(provider_ref, safe='')}/cancel"
    call = http.Call.json(operation="cancel", path=path, fields={}, key=f"{query.key}:cancel")
    return replace(call, key=query.key)


def read_call(query: contract.Query) -> http.Call:
    """Build the reading of one transfer, by its id or by our key."""
    by_id = f"/{quote(query.provider_ref, safe='')}"
    by_key = "?" + urlencode([("idempotency_key", query.key), ("limit", "2")])
    path = TRANSFERS + (by_id if query.provider_ref else by_key)
    return http.Call(operation="status", method="GET", path=path, key=query.key)


# ------------------------------------------------------------------------------------------------ response parsers
def transfer_report(transfer: Doc) -> contract.Report:
    """Read an ACH transfer. A status we do not know is UNMAPPED and never settles anything."""
    status = transfer.text("status")
    stage = STAGES.get(status, Stage.UNMAPPED)
    settlement, submission = transfer.find_doc("settlement"), transfer.find_doc("submission")
    if stage is Stage.UNMAPPED:
        _log.warning("providers.unmapped_status", provider=CODE, status=status)
    if stage is Stage.SUBMITTED and settlement is not None:
        stage = Stage.SETTLED
    return contract.Report(
        operation=Operation.PAYOUT,
        stage=stage,
        provider_ref=transfer.text("id"),
        key=transfer.find_text("idempotency_key"),
        amount=Money.of(transfer.whole("amount"), transfer.text("currency")),
        destination=transfer.text("account_number")[-SHOWN_DIGITS:],
        reason=_reason(transfer, status),
        raw_status=status,
        occurred_at=_moment(transfer, stage),
        eta=submission.moment("expected_funds_settlement_at") if submission else None,
    )


def found_report(found: Doc) -> contract.Report | None:
    """Read a look-up by our key: none there means that none was made."""
    transfers = found.docs("data")
    if len(transfers) > 1:
        raise Malformed("one key has several transfers")
    return transfer_report(transfers[0]) if transfers else None


def news(event: Doc) -> contract.News:
    """Read one thin event; what concerns no ACH transfer comes without a question."""
    kind = event.text("category")
    query = None
    if event.text("associated_object_type") == "ach_transfer":
        query = contract.Query(
            operation=Operation.PAYOUT, key="", reference="", provider_ref=event.text("associated_object_id")
        )
    return contract.News(event_id=event.text("id"), event_type=kind, report=None, query=query)


def verify(delivery: contract.Delivery, *, secrets: Sequence[str]) -> None:
    """Check the Standard Webhooks signature over the raw bytes and that it is of now (both directions)."""
    for secret in secrets:
        try:
            Webhook(secret.encode()).verify(delivery.body, dict(delivery.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            continue
        return
    raise contract.SignatureInvalid(detail="No signature of now matches.")


def refusal(answer: http.Answer) -> contract.ProviderError:
    """Read an answer of 4xx."""
    kind = answer.doc.find_text("type")
    detail = f"Increase answered {answer.status} {kind}."
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return contract.Unavailable(code="provider_auth_failed", detail=detail, provider_code=kind)
    # The key was used for something else: that was executed, whatever it is.
    if not kind or kind == "idempotency_key_already_used_error":
        return contract.OutcomeUnknown(detail=detail, provider_code=kind)
    if kind == "object_not_found_error":
        return contract.Unavailable(code="provider_misconfigured", detail=detail, provider_code=kind)
    if kind == "invalid_parameters_error":
        return contract.Rejected(code="instrument_invalid", detail=detail, provider_code=kind)
    return contract.Rejected(detail=detail, provider_code=kind)


def _reason(transfer: Doc, status: str) -> str:
    if status != "returned":
        return REASONS.get(status, "")
    returned = transfer.find_doc("return") or Doc({})
    return RETURNS.get(returned.find_text("return_reason_code"), "payout_returned")


def _moment(transfer: Doc, stage: Stage) -> datetime | None:
    part, name = MOMENTS.get(stage, ("", ""))
    found = transfer.find_doc(part)
    return (found.moment(name) if found else None) or transfer.moment("created_at")


# --------------------------------------------------------------------------------------------------------- adapter
@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What belongs to one Increase account. Several webhook secrets hold while they are rotated."""

    base_url: str
    api_key: str
    webhook_secrets: Sequence[str]
    account_id: str
    allowed_hosts: frozenset[str] = HOSTS


class IncreaseAdapter:
    """Speaks to Increase. Stateless but for its open connections."""

    code = CODE
    name = "Increase"
    capabilities: tuple[contract.Capability, ...] = CAPABILITIES

    def __init__(self, *, credentials: Credentials, limits: http.Limits | None = None) -> None:
        self._credentials = credentials
        self._client = http.Client(
            provider=CODE,
            base_url=credentials.base_url,
            allowed_hosts=credentials.allowed_hosts,
            headers={"Authorization": f"Bearer {credentials.api_key}"},
            limits=limits,
        )

    def quote(self, order: contract.Order) -> contract.ProviderQuote:
        fee = Money(PRICE_UNITS, order.amount.asset)
        return contract.ProviderQuote(fee=fee, eta_seconds=CAPABILITIES[0].eta_seconds, firm=True)

    def submit(self, order: contract.Order) -> contract.Report:
        call = payout_call(order, account_id=self._credentials.account_id)
        return self._client.ask(call, read=transfer_report, refusal=refusal)

    def status(self, query: contract.Query) -> contract.Report | None:
        """Ask by id, else by our key; None when no transfer has the key."""
        read = transfer_report if query.provider_ref else found_report
        return self._client.ask(read_call(query), read=read, refusal=refusal)

    def cancel(self, query: contract.Query) -> contract.Report:
        """Cancel what has not left; the answer says so if it was too late.

        Raises: Rejected (``not_found``) when there is nothing to cancel.
        """
        current = self.status(query)
        if current is None:
            raise contract.Rejected(code="not_found", detail="No transfer has this key.")
        if current.stage is not Stage.ACCEPTED:
            return current
        try:
            call = cancel_call(query, provider_ref=current.provider_ref)
            return self._client.ask(call, read=transfer_report, refusal=refusal)
        except contract.Rejected:
            return self.status(replace(query, provider_ref=current.provider_ref)) or current

    def parse_webhook(self, delivery: contract.Delivery) -> Sequence[contract.News]:
        if not delivery.verified:
            verify(delivery, secrets=self._credentials.webhook_secrets)
        return signatures.event(delivery, read=news)

    def probe(self) -> None:
        path = f"/accounts/{quote(self._credentials.account_id, safe='')}"
        call = http.Call(operation="probe", method="GET", path=path)
        self._client.ask(call, read=lambda account: account.text("id"), refusal=refusal)
