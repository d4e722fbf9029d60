"""The endpoints: translate HTTP, call one service or query."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from core.api import bodies, encoding, etags, explain, pagination
from core.api.idempotent import idempotent
from core.api.views import ApiView
from core.identity.principals import Scope
from core.kernel import errors, ids
from core.orchestration import accept, kinds
from core.orchestration.api import schemas, wishes
from core.orchestration.hands import cancel
from core.orchestration.models import Transaction
from core.orchestration.reading import queries, render
from core.quotes import quotes

_ID = OpenApiParameter("transaction_id", str, OpenApiParameter.PATH)
_FILTERS = ("domain", "kind", "status", "asset", "provider", "client_reference", "created_after", "created_before")


class DomainTransactions(ApiView):
    """POST /{domain}/transactions: create a transaction from a quote, or from the same fields as a quote."""

    tag = "transactions"
    rate_scope = "create"
    domain: ClassVar[str] = ""
    scopes: ClassVar[dict[str, Scope]] = {"POST": Scope.TRANSACT}
    agreed: accept.Agreed | None = None

    def agree(self, request: Request) -> None:
        """Price a wish of a domain with terms, which asks the outside, before the database transaction is opened."""
        body = _transaction_body(request, self.domain)
        if kinds.domain(self.domain).terms is not None and body.get("quote_id") is None:
            origin = wishes.origin(self.principal)
            wish = wishes.read(body, domain=self.domain, customer=origin.customer)
            self.agreed = accept.agree(request=wish, customer_id=origin.customer.id)

    def create(self, request: Request) -> HttpResponse:
        """Accept the wish and answer 201 with the transaction; money always moves afterwards."""
        body = _transaction_body(request, self.domain)
        origin = wishes.origin(self.principal)
        reference = bodies.find_text(body, "client_reference", max_length=100)
        quote_id = bodies.find_text(body, "quote_id", max_length=60)
        if quote_id is None:
            agreed = self.agreed or _agree(body, self.domain, origin)
            row = accept.accept(agreed=agreed, origin=origin, client_reference=reference)
        else:
            _check_only_quote(body)
            parsed = ids.parse(ids.Prefix.QUOTE, quote_id)
            row = accept.accept_quote(quote_id=parsed, origin=origin, client_reference=reference, domain=self.domain)
        headers = {"Location": f"{render.BASE}/{row.public_id}", "ETag": etags.of(row.version)}
        return encoding.response(render.transaction(row), status=201, headers=headers)


class Quotes(ApiView):
    """POST /quotes: price any kind; no side effects."""

    tag = "quotes"
    rate_scope = "quote"
    scopes: ClassVar[dict[str, Scope]] = {"POST": Scope.QUOTES}
    agreed: accept.Agreed | None = None

    @extend_schema(
        operation_id="quotes_create",
        request=schemas.QuoteRequest,
        responses={201: schemas.Quote},
        summary="Price a wish",
    )
    @idempotent("quotes", before="agree")
    def post(self, request: Request) -> HttpResponse:
        body = bodies.of(request)
        agreed = self.agreed or _agree(body, wishes.domain_of(body).code, wishes.origin(self.principal))
        shown = quotes.render(accept.quote(agreed=agreed, origin=wishes.origin(self.principal)))
        return encoding.response(shown, status=201, headers={"Location": f"/api/v1/quotes/{shown['id']}"})

    def agree(self, request: Request) -> None:
        """Price a wish before the database transaction is opened, for its terms may ask the outside."""
        body = bodies.of(request)
        self.agreed = _agree(body, wishes.domain_of(body).code, wishes.origin(self.principal))


class Quote(ApiView):
    """GET /quotes/{id}."""

    tag = "quotes"

    @extend_schema(operation_id="quotes_read", responses={200: schemas.Quote}, summary="Read a quote")
    def get(self, request: Request, quote_id: str) -> HttpResponse:
        found = quotes.get(
            quote_id=ids.parse(ids.Prefix.QUOTE, quote_id), customer_id=wishes.customer_of(self.principal)
        )
        return encoding.response(quotes.render(found))


class Transactions(ApiView):
    """GET /transactions: the customer's own, and the completed transfers to him, newest first."""

    tag = "transactions"

    @extend_schema(
        operation_id="transactions_list",
        responses={200: schemas.TransactionList},
        parameters=[*schemas.PAGE, *(OpenApiParameter(name, str) for name in _FILTERS)],
        summary="List transactions",
    )
    def get(self, request: Request) -> HttpResponse:
        customer_id = wishes.customer_of(self.principal)
        rows = _filtered(request, customer_id)
        page, found = pagination.paginate(request, rows, filters=_FILTERS)
        return encoding.response(
            pagination.envelope(
                found,
                page=page,
                key=lambda row: row.id,
                render=lambda row: render.seen_by(row, customer_id=customer_id),
            )
        )


class OneTransaction(ApiView):
    """GET /transactions/{id}."""

    tag = "transactions"

    @extend_schema(
        operation_id="transactions_read",
        responses={200: schemas.Transaction},
        parameters=[_ID],
        summary="Read a transaction",
    )
    def get(self, request: Request, transaction_id: str) -> HttpResponse:
        customer_id = wishes.customer_of(self.principal)
        row = queries.find(transaction_id=ids.parse(ids.Prefix.TRANSACTION, transaction_id), customer_id=customer_id)
        return encoding.response(render.seen_by(row, customer_id=customer_id), headers={"ETag": etags.of(row.version)})


class Events(ApiView):
    """GET /transactions/{id}/events: the numbered timeline, oldest first."""

    tag = "transactions"

    @extend_schema(
        operation_id="transactions_events",
        responses={200: schemas.EventList},
        parameters=[_ID],
        summary="Read the timeline",
    )
    def get(self, request: Request, transaction_id: str) -> HttpResponse:
        row = _own(self, transaction_id)
        page = pagination.read(request)
        events = queries.timeline(row.id).filter(seq__gt=page.after_int or 0).order_by("seq")[: page.limit + 1]
        return encoding.response(
            pagination.envelope(list(events), page=page, key=lambda event: event.seq, render=render.event)
        )


class Explain(ApiView):
    """GET /transactions/{id}/explain: the story with evidence."""

    tag = "transactions"

    @extend_schema(
        operation_id="transactions_explain",
        responses={200: schemas.Story},
        parameters=[_ID],
        summary="Explain a transaction",
    )
    def get(self, request: Request, transaction_id: str) -> HttpResponse:
        row = _own(self, transaction_id)
        story: dict[str, Any] = {"transaction": render.transaction(row), **explain.collect(row.id)}
        story["events"] = [render.event(event) for event in queries.timeline(row.id).order_by("seq")]
        return encoding.response(story)


class Cancel(ApiView):
    """POST /transactions/{id}/cancel."""

    tag = "transactions"
    scopes: ClassVar[dict[str, Scope]] = {"POST": Scope.TRANSACT}

    @extend_schema(
        operation_id="transactions_cancel",
        request=None,
        responses={200: schemas.Transaction},
        parameters=[_ID],
        summary="Cancel a transaction",
    )
    @idempotent("transactions.cancel")
    def post(self, request: Request, transaction_id: str) -> HttpResponse:
        customer_id = wishes.customer_of(self.principal)
        wanted = ids.parse(ids.Prefix.TRANSACTION, transaction_id)
        row = queries.own(transaction_id=wanted, customer_id=customer_id)
        etags.check(request, version=row.version)
        cancel.request(transaction_id=wanted, customer_id=customer_id, actor=self.principal.actor)
        row = queries.own(transaction_id=wanted, customer_id=customer_id)
        return encoding.response(render.transaction(row), headers={"ETag": etags.of(row.version)})


def _own(view: ApiView, transaction_id: str) -> Transaction:
    return queries.own(
        transaction_id=ids.parse(ids.Prefix.TRANSACTION, transaction_id), customer_id=wishes.customer_of(view.principal)
    )


def _transaction_body(request: Request, domain: str) -> dict[str, Any]:
    body = bodies.of(request)
    _check_domain(body, domain)
    return body


def _agree(body: dict[str, Any], domain: str, origin: accept.Origin) -> accept.Agreed:
    wish = wishes.read(body, domain=domain, customer=origin.customer)
    return accept.agree(request=wish, customer_id=origin.customer.id)


def _check_domain(body: dict[str, Any], domain: str) -> None:
    given = bodies.find_text(body, "domain", max_length=20)
    if given not in (None, domain):
        raise errors.InvalidInput(code="wrong_domain", detail=f"This address is for {domain}.", pointer="/domain")


def _check_only_quote(body: dict[str, Any]) -> None:
    for name, value in body.items():
        if value is not None and name not in wishes.BESIDE_A_QUOTE:
            raise errors.InvalidInput(
                code="unexpected_field", detail="The quote already says this.", pointer=f"/{name}"
            )


def _filtered(request: Request, customer_id: UUID) -> QuerySet[Transaction]:
    """Return the rows that the filters in the address leave. Raises: InvalidInput (``invalid_filter``)."""
    rows = queries.of_customer(customer_id)
    asked = request.query_params
    for name in ("domain", "kind", "asset", "provider", "client_reference"):
        if name in asked:
            rows = rows.filter(**{name: asked[name][:100]})
    if "status" in asked:
        rows = queries.with_status(rows, asked["status"])
    if "created_after" in asked:
        rows = rows.filter(created_at__gt=bodies.moment(asked["created_after"], pointer="/query/created_after"))
    if "created_before" in asked:
        rows = rows.filter(created_at__lt=bodies.moment(asked["created_before"], pointer="/query/created_before"))
    return rows
