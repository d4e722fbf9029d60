"""The four doors: who sees what, and which status code."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from core.identity import staff_mfa
from core.kernel import ids
from core.kernel.money import Money
from core.ledger import accounts, funding, posting
from core.ledger.movements import Movement, PlaceHold
from core.resilience import checks

pytestmark = pytest.mark.urls("core.health.urls")


def _ill() -> str:
    raise RuntimeError("password=hunter2")


def _get(path: str, **meta: Any) -> HttpResponse:
    return Client().get(path, **meta)


def test_livez_asks_nobody(only: dict[str, object]) -> None:
    checks.register("database", _ill, critical=True)

    answer = _get("/livez")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readyz_needs_the_vital_parts_only(only: dict[str, object]) -> None:
    checks.register("database", lambda: "fine", critical=True)
    checks.register("redis", _ill)

    answer = _get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "components": {"database": "ok"}})


def test_not_ready_is_503(only: dict[str, object]) -> None:
    checks.register("database", _ill, critical=True)

    answer = _get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {"status": "not_ready", "components": {"database": "ill"}})


@pytest.mark.parametrize(("critical", "status", "code"), [(False, "degraded", 200), (True, "down", 503)])
def test_strangers_see_words_and_no_detail(only: dict[str, object], critical: bool, status: str, code: int) -> None:
    checks.register("redis", _ill, critical=critical)
    checks.register("well", lambda: "PostgreSQL 18.1")

    answer = _get("/healthz")

    assert (answer.status_code, answer.json()) == (
        code,
        {"status": status, "components": {"redis": "ill", "well": "ok"}},
    )
    assert b"hunter2" not in answer.content
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_staff_see_the_detail(only: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    checks.register("well", lambda: "PostgreSQL 18.1", critical=True)
    monkeypatch.setattr(staff_mfa, "is_verified", lambda _: True)

    body = _get("/healthz").json()

    shown = body["components"]["well"]
    assert (shown["status"], shown["critical"], shown["detail"]) == ("ok", True, "PostgreSQL 18.1")
    assert body["last_results"] == {}


@pytest.mark.parametrize(
    ("meta", "code"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": "10.0.0.7"}, 404),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, 404),
        ({"REMOTE_ADDR": "not an address"}, 404),
    ],
)
@pytest.mark.django_db
def test_metrics_are_for_our_own_addresses(meta: dict[str, str], code: int) -> None:
    assert _get("/metrics", **meta).status_code == code


@pytest.mark.django_db
def test_metrics_count_what_there_is() -> None:
    customer_id = ids.uuid7()
    funding.grant(customer_id=customer_id, amount=Money.of(1000, "USD"), key=ids.uuid7().hex)
    account = accounts.customer(customer_id, "banking", "USD")
    holds = tuple(PlaceHold(hold_id=ids.uuid7(), account=account, units=100) for _ in range(3))
    posting.post(movements=[Movement(ref=ids.uuid7(), operations=holds)])

    text = _get("/metrics").content.decode()

    gauges = {family.name: family for family in text_string_to_metric_families(text)}
    assert [(s.labels, s.value) for s in gauges["diboas_holds_open"].samples] == [
        ({"asset": "USD", "kind": "reservation"}, 3.0)
    ]
    assert gauges["diboas_scrape_errors"].samples[0].value == 0.0
    assert gauges["diboas_work_lag_seconds"].samples[0].value == 0.0
    assert {"diboas_transactions_open", "diboas_outbox_due", "diboas_breaker", "diboas_emails"} <= set(gauges)


@pytest.mark.django_db
def test_a_group_that_fails_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.health.metrics._HOLDS", "SELECT * FROM no_such_table")

    text = _get("/metrics").content.decode()

    assert "diboas_scrape_errors 1.0" in text
    assert "diboas_work_due" in text
    assert "diboas_holds_open" not in text


def test_an_unreadable_session_shows_the_summary(only: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(_request: object) -> bool:
        raise OperationalError("the database is away")

    checks.register("database", _ill, critical=True)
    monkeypatch.setattr(staff_mfa, "is_verified", unreadable)

    answer = _get("/healthz")

    assert (answer.status_code, answer.json()) == (503, {"status": "down", "components": {"database": "ill"}})


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz", "/metrics"])
def test_nothing_is_changed_here(path: str) -> None:
    assert Client().post(path).status_code == 405
