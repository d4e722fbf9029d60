"""The door for providers."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.resilience import wakeups
from core.webhooks import inbox, views
from core.webhooks.models import WebhookEvent
from tests.core.webhooks import acme as provider
from tests.core.webhooks.acme import Acme

pytestmark = [pytest.mark.django_db, pytest.mark.urls("core.webhooks.urls")]


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(wakeups, "wake", lambda *, task, queue, key: found.append(f"{task} {queue} {key}"))
    return found


def post(client: Client, code: str, body: bytes, *, signature: str = "good") -> tuple[int, bytes]:
    answer = client.post(
        f"/webhooks/{code}", body, content_type="application/json", headers={"Acme-Signature": signature}
    )
    return answer.status_code, answer.content


def test_a_verified_delivery_is_kept_in_one_statement_and_wakes_the_drain(
    acme: Acme, client: Client, woken: list[str]
) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = post(client, acme.code, provider.body("e1"))

    assert answer == (200, b'{"received":true}')
    assert len(queries) == 1
    assert woken == ["webhooks.drain webhooks drain:webhooks"]
    row = WebhookEvent.objects.get()
    assert (row.provider, row.event_id, row.event_type, row.provider_ref) == (acme.code, "e1", "full", "po_1")
    assert (row.status, row.tries, row.body) == ("received", 0, provider.body("e1"))
    assert row.headers["acme-signature"] == "good"
    assert row.due_at is not None


def test_a_doubled_delivery_is_welcome_and_changes_nothing(acme: Acme, client: Client, woken: list[str]) -> None:
    post(client, acme.code, provider.body("e1"))
    before = WebhookEvent.objects.values().get()

    assert post(client, acme.code, provider.body("e1"))[0] == 200

    assert WebhookEvent.objects.values().get() == before
    assert len(woken) == 1


def test_a_bad_signature_is_told_and_its_body_is_not_kept(acme: Acme, client: Client, woken: list[str]) -> None:
    status, content = post(client, acme.code, provider.body("e1"), signature="bad")

    assert status == 400
    assert b'"code":"signature_invalid"' in content
    row = WebhookEvent.objects.get()
    assert (row.status, row.body, row.due_at, row.provider_ref) == ("rejected", None, None, "")
    assert "acme-signature" not in row.headers
    assert woken == []


def test_a_flood_of_bad_signatures_leaves_few_traces(
    acme: Acme, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "REJECTIONS_KEPT", "3/minute")

    answers = [post(client, acme.code, b"{}", signature="bad")[0] for _ in range(6)]

    assert answers == [400] * 6
    assert WebhookEvent.objects.filter(status="rejected").count() == 3


def test_a_rejected_event_does_not_shadow_the_real_one(acme: Acme, client: Client, woken: list[str]) -> None:
    post(client, acme.code, provider.body("e1"), signature="bad")
    post(client, acme.code, provider.body("e1"))

    assert list(WebhookEvent.objects.order_by("id").values_list("status", flat=True)) == ["rejected", "received"]


def test_an_unknown_provider_is_not_found(acme: Acme, client: Client) -> None:
    status, content = post(client, "nobody", b"{}")

    assert (status, WebhookEvent.objects.count()) == (404, 0)
    assert b'"code":"unknown_provider"' in content


def test_only_post_is_served(acme: Acme, client: Client) -> None:
    answer = client.get(f"/webhooks/{acme.code}")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_body_that_is_too_large_is_refused_unread(acme: Acme, client: Client) -> None:
    status, content = post(client, acme.code, b"x" * (views.BODY_BYTES + 1))

    assert (status, WebhookEvent.objects.count()) == (413, 0)
    assert b"body_too_large" in content


def test_cookies_and_credentials_of_the_caller_are_not_kept(acme: Acme, client: Client, woken: list[str]) -> None:
    client.cookies["sessionid"] = "secret"
    client.post(
        f"/webhooks/{acme.code}",
        provider.body("e1"),
        content_type="application/json",
        headers={"Acme-Signature": "good", "Authorization": "Bearer secret"},
    )

    assert "secret" not in str(WebhookEvent.objects.get().headers)
