"""GET /notifications and POST /notifications/{id}/read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from core.identity.customers import CustomerView
from core.notifications import inbox
from core.notifications.models import Notification
from tests.core.notifications.payloads import payload
from tests.core.realtime import callers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("core.notifications.urls")]
Call = Callable[..., HttpResponse]


def test_the_list_is_newest_first_and_paged(own: Call, customer: CustomerView) -> None:
    for number in range(5):
        inbox.take([payload(customer.id, amount=f"{number}.00")])

    first = own("GET", "/notifications?limit=3").json()
    second = own("GET", f"/notifications?limit=3&cursor={first['next_cursor']}").json()

    amounts = [row["details"]["money"]["amount"] for row in first["data"] + second["data"]]
    assert amounts == ["4.00", "3.00", "2.00", "1.00", "0.00"]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert sorted(first["data"][0]) == [
        "body", "created_at", "details", "id", "notification_type", "read_at", "title", "transaction_id",
    ]  # fmt: skip


def test_what_was_read_can_be_left_out(own: Call, customer: CustomerView) -> None:
    inbox.take([payload(customer.id), payload(customer.id)])
    older, newer = Notification.objects.order_by("id")

    answer = own("POST", f"/notifications/ntf_{newer.id.hex}/read")
    unread = own("GET", "/notifications?unread=true").json()["data"]

    assert (answer.status_code, answer.json()["read_at"] is not None) == (200, True)
    assert [row["id"] for row in unread] == [f"ntf_{older.id.hex}"]
    assert own("GET", "/notifications?unread=maybe").status_code == 400


def test_somebody_elses_notification_is_not_there(own: Call, other: Call, customer: CustomerView) -> None:
    inbox.take([payload(customer.id)])
    row = Notification.objects.get()

    refused = other("POST", f"/notifications/ntf_{row.id.hex}/read")

    assert (refused.status_code, other("GET", "/notifications").json()["data"]) == (404, [])
    assert Notification.objects.get().read_at is None


@pytest.mark.parametrize("name", ["ntf_x", "txn_" + "0" * 32, "ntf_" + "0190f3c0aaaa7000800000000000abcd"])
def test_an_id_that_is_none_is_not_there(own: Call, name: str) -> None:
    assert own("POST", f"/notifications/{name}/read").status_code == 404


def test_a_frozen_customer_may_read_and_strangers_may_not(own: Call, anyone: Call, customer: CustomerView) -> None:
    inbox.take([payload(customer.id)])
    callers.freeze(customer)
    row = Notification.objects.get()

    assert own("POST", f"/notifications/ntf_{row.id.hex}/read").status_code == 200
    assert anyone("GET", "/notifications").status_code == 401
