"""POST /ws-tickets."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from core.identity.customers import CustomerView
from core.realtime import tickets
from core.realtime.models import WsTicket
from tests.core.realtime import callers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("core.realtime.urls")]
Call = Callable[..., HttpResponse]


def test_a_ticket_comes_with_the_live_address(own: Call, customer: CustomerView) -> None:
    answer = own("POST", "/ws-tickets")

    assert answer.status_code == 201
    body = answer.json()
    assert body["url"] == "ws://127.0.0.1:8001/ws/v1/stream/"
    assert sorted(body) == ["expires_at", "ticket", "url"]
    assert tickets.redeem(secret=body["ticket"]) == customer.id


def test_without_authentication_there_is_none(anyone: Call) -> None:
    answer = anyone("POST", "/ws-tickets")

    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")
    assert WsTicket.objects.count() == 0


def test_a_key_that_may_not_read_gets_none(by_key: Callable[..., Call]) -> None:
    answer = by_key("quotes")("POST", "/ws-tickets")

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert WsTicket.objects.count() == 0


def test_a_frozen_customer_may_still_listen(own: Call, customer: CustomerView) -> None:
    callers.freeze(customer)

    assert own("POST", "/ws-tickets").status_code == 201
