"""Everything that the console can change, walked: GET changes nothing, no reason no change, every change on record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from core.audit.models import AuditRecord
from core.compliance.models import Case
from core.console.changes import Change
from core.console.pages import Page
from core.console.site import site
from core.identity.models import Customer
from core.identity.roles import Role
from core.orchestration.models import DeadLetter, Event, Transaction
from core.providers import registry, states
from core.resilience.models import BreakerEvent
from core.webhooks.models import WebhookEvent
from tests.core.console.door import signed_in

pytestmark = pytest.mark.django_db
REASON = "checked with the bank by phone"


def every_change() -> Iterator[tuple[Page, Change]]:
    for page in site.pages():
        for change in page.changes:
            yield page, change


def ids_of(pair: tuple[Page, Change]) -> str:
    return f"{pair[0].heading}: {pair[1].name}"


def target(page: Page, change: Change) -> object:
    """Return a row to which the change is offered, the first row if there is none."""
    rows = list(page.get_queryset(None)) if page.heading != "Providers" else []
    rows = rows or [page.find(registry.codes()[0])]
    return next((row for row in rows if change.offered(row)), rows[0])


def fingerprint() -> dict[str, object]:
    """Return what the changes could change, but for sessions and sign-ins."""
    tables = [model._meta.db_table for model in (Case, Customer, DeadLetter, Event, Transaction, WebhookEvent)]
    tables += [model._meta.db_table for model in (AuditRecord, BreakerEvent)]
    tables += ["providers_providerstate", "resilience_breakerstate"]
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t")  # noqa: S608 - our tables
            found[table] = cursor.fetchone()[0]
    return found


@pytest.fixture
def root(scene) -> Client:
    """A superuser: he may do everything, and is no exception to any rule."""
    return signed_in("auditor", superuser=True)


@pytest.mark.parametrize("pair", list(every_change()), ids=ids_of)
def test_a_get_changes_nothing(scene, root, pair):
    page, change = pair
    before = fingerprint()

    answer = root.get(page.address(target(page, change), do=change.name))

    assert answer.status_code in {200, 302}
    assert fingerprint() == before


@pytest.mark.parametrize("reason", [None, "", "   ", "ok"], ids=["none", "empty", "blank", "short"])
@pytest.mark.parametrize("pair", list(every_change()), ids=ids_of)
def test_a_post_without_a_reason_is_refused(scene, root, pair, reason):
    page, change = pair
    row = target(page, change)
    before = fingerprint()

    answer = root.post(
        page.address(row, do=change.name),
        {} if reason is None else {"reason": reason, "operation": "payout", "hold": "open"},
    )

    assert answer.status_code == (422 if change.offered(row) else 302)
    assert fingerprint() == before


@pytest.mark.parametrize("pair", list(every_change()), ids=ids_of)
def test_a_post_without_a_csrf_token_is_refused(scene, root, pair):
    page, change = pair
    root.handler.enforce_csrf_checks = True
    before = fingerprint()

    answer = root.post(page.address(target(page, change), do=change.name), {"reason": REASON})

    assert answer.status_code == 403
    assert fingerprint() == before


@pytest.mark.parametrize("role", list(Role))
def test_a_role_can_do_what_it_is_trusted_with_and_nothing_else(scene, role):
    client = signed_in(role.value)

    for page, change in every_change():
        allowed = role in page.readers and role in change.roles
        answer = client.get(page.address(target(page, change), do=change.name))
        assert (answer.status_code != 403) == allowed, ids_of((page, change))


def test_an_auditor_can_change_nothing():
    assert [ids_of(pair) for pair in every_change() if Role.AUDITOR in pair[1].roles] == []


@pytest.mark.parametrize("pair", [pair for pair in every_change() if pair[1].bulk_at_most], ids=ids_of)
def test_several_at_once_need_a_post_a_reason_and_a_cap(scene, root, pair):
    page, change = pair
    address = page.address(do=change.name)
    pk = str(target(page, change).pk)
    before = fingerprint()

    assert root.get(address).status_code == 405
    assert root.post(address, {"row": [pk]}).status_code == 200
    assert root.post(address, {"row": [pk], "reason": ""}).status_code == 422
    assert root.post(address, {"reason": REASON}).status_code == 302
    too_many = [f"{number:032x}" for number in range(change.bulk_at_most + 1)]
    assert root.post(address, {"row": too_many, "reason": REASON}).status_code == 302
    assert fingerprint() == before


def do(client: Client, page: str, row: object, name: str, **fields: str) -> None:
    found = next(each for each in site.pages() if each.heading == page)
    answer = client.post(found.address(found.find(str(row)), do=name), {"reason": REASON, **fields})
    assert answer.status_code == 302, answer.content.decode()[-2000:]


def last_record() -> tuple[str, str, str]:
    row = AuditRecord.objects.order_by("-id").first()
    return row.action, row.reason, row.actor.partition(":")[0]


def test_approving_a_case_lets_its_transaction_go_on(scene):
    do(signed_in("compliance_analyst"), "Held up", scene.case, "approve")

    case = Case.objects.get(pk=scene.case)
    assert (case.status, case.reason) == ("approved", REASON)
    assert last_record() == ("compliance.case_approve", REASON, "staff")


def test_refusing_a_case_ends_its_transaction(scene):
    do(signed_in("compliance_officer"), "Held up", scene.case, "refuse")

    assert Transaction.objects.get(pk=scene.held).state == "FAILED"
    assert last_record() == ("compliance.case_refuse", REASON, "staff")


def test_a_decided_case_offers_no_decision(scene):
    client = signed_in("compliance_officer")
    do(client, "Held up", scene.case, "approve")

    do(client, "Held up", scene.case, "refuse")

    assert Case.objects.get(pk=scene.case).status == "approved"


def test_checking_again_makes_a_transaction_due(scene):
    do(signed_in("operations"), "Transactions", scene.paid, "recheck")

    assert last_record()[1:] == (REASON, "staff")
    assert AuditRecord.objects.order_by("-id").first().target == Transaction.objects.get(pk=scene.paid).public_id


def test_discarding_a_letter_keeps_it_with_who_and_why(scene):
    do(signed_in("senior_operations"), "Dead letters", scene.letter, "discard")

    letter = DeadLetter.objects.get(pk=scene.letter)
    assert (letter.state, letter.resolution) == ("DISCARDED", REASON)
    assert last_record() == ("deadletter.discarded", REASON, "staff")


def test_replaying_several_letters_says_of_each_what_became_of_it(scene):
    client = signed_in("operations")
    address = reverse("console:orchestration_deadletter_several", args=["replay"])

    answer = client.post(address, {"row": [str(scene.letter)], "reason": REASON}, follow=True)

    assert DeadLetter.objects.get(pk=scene.letter).state == "REPLAYED"
    assert b"was put back to work" in answer.content


def test_replaying_a_webhook_puts_it_back_in_line(scene):
    do(signed_in("operations"), "Webhooks", scene.webhook, "replay")

    assert WebhookEvent.objects.get(pk=scene.webhook).status == "received"
    assert last_record() == ("webhook.replayed", REASON, "staff")


def test_draining_a_provider_is_seen_at_once(scene, bank):
    do(signed_in("treasury"), "Providers", bank.code, "drain")

    assert states.current()[bank.code] is states.Mode.DRAINED
    assert last_record() == ("provider.mode_changed", REASON, "staff")


def test_holding_a_breaker_is_on_record_and_in_its_history(scene, bank):
    do(signed_in("treasury"), "Providers", bank.code, "breaker", operation="payout", hold="open")

    assert last_record() == ("breaker.held", REASON, "staff")
    event = BreakerEvent.objects.order_by("-at").first()
    assert (event.name, event.after, event.reason) == (f"{bank.code}:payout", "closed (forced_open)", REASON)


def test_freezing_a_customer_needs_no_second_person_but_leaves_a_record(scene):
    do(signed_in("compliance_officer"), "Customers", scene.owner.id, "freeze")

    assert Customer.objects.get(pk=scene.owner.id).status == "frozen"
    assert last_record() == ("customer.status", REASON, "staff")


def test_unmasking_shows_the_address_once_and_is_on_record(scene):
    client = signed_in("operations")
    page = reverse("console:identity_customer_change", args=[scene.owner.id])

    do(client, "Customers", scene.owner.id, "unmask")

    assert scene.owner.email in client.get(page).content.decode()
    assert scene.owner.email not in client.get(page).content.decode()
    assert last_record() == ("customer.unmasked", REASON, "staff")
