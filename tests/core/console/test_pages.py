"""Every screen, for every role: who may read it, that it can be read, and that reading changes nothing."""

import pytest
from django.urls import reverse

from core.audit.models import AuditRecord
from core.console import access, tower
from core.console.site import site
from core.identity.roles import Role
from core.kernel import errors, ids
from core.orchestration.models import Transaction
from tests.core.console.door import signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reads_its_screens_and_no_other(scene, role):
    client = signed_in(role.value)

    seen = {page.heading: client.get(page.address()).status_code for page in site.pages()}

    assert seen == {page.heading: 200 if role in page.readers else 403 for page in site.pages()}


def test_security_reads_no_money():
    money = {page.heading for page in site.pages() if Role.SECURITY not in page.readers}

    assert {"Transactions", "Customers", "Accounts", "Journal", "Trial balance", "Held up", "Webhooks"} <= money


def test_only_compliance_and_auditors_read_cases():
    page = next(page for page in site.pages() if page.heading == "Held up")

    assert page.readers == {Role.COMPLIANCE_ANALYST, Role.COMPLIANCE_OFFICER, Role.AUDITOR}


def test_the_page_of_every_first_row_can_be_read(scene):
    client = signed_in("auditor")
    shown = set()
    for page in site.pages():
        row = next(iter(_rows(page, client)), None)
        if row is not None:
            answer = client.get(page.address(row))
            assert answer.status_code == 200, page.heading
            shown.add(page.heading)

    assert shown >= {"Transactions", "Dead letters", "Held up", "Webhooks", "Customers", "Accounts", "Journal"}
    assert shown >= {"Providers", "Fee schedules", "Routing weights", "Audit log", "Access"}


def _address(transaction_id):
    return reverse("console:orchestration_transaction_change", args=[transaction_id])


def _rows(page, client):
    return client.get(page.address()).context["slice"].rows


def test_a_row_that_is_not_there_is_not_found(scene):
    client = signed_in("auditor")
    missing = ids.uuid7()

    for page in site.pages():
        name = f"console:{page.opts.app_label}_{page.opts.model_name}_change"
        assert client.get(reverse(name, args=[missing])).status_code == 404, page.heading
        assert client.get(reverse(name, args=["nonsense"])).status_code == 404, page.heading


def test_a_list_can_only_be_read(scene):
    client = signed_in("auditor", superuser=True)

    for page in site.pages():
        assert client.post(page.address(), {"action": "delete_selected"}).status_code == 405, page.heading


def test_a_transactions_page_tells_the_whole_story(scene):
    client = signed_in("compliance_officer")

    text = client.get(_address(scene.held)).content.decode()

    for part in ("Where it stands", "Timeline", "Fees", "Ledger lines", "Holds", "Attempts", "Webhooks", "Audit"):
        assert part in text, part
    assert "Held up" in text


def test_a_payouts_page_names_the_account_without_its_holder(scene):
    text = signed_in("operations").get(_address(scene.paid)).content.decode()

    assert "Instrument" in text
    assert "3210" in text
    assert "9876543210" not in text
    assert scene.owner.display_name not in text


def test_the_evidence_of_a_case_is_not_told_to_operations(scene):
    text = signed_in("operations").get(_address(scene.held)).content.decode()

    assert "Timeline" in text
    assert "cse_" not in text


@pytest.mark.parametrize("way", ["id", "handle", "reference", "provider"])
def test_a_transaction_is_found_by_any_of_its_names(scene, way):
    row = Transaction.objects.get(pk=scene.paid)
    text = {
        "id": row.public_id,
        "handle": f"@{scene.owner.handle}",
        "reference": "order-77",
        "provider": "ach_transfer_77",
    }[way]

    found = (
        signed_in("auditor")
        .get(reverse("console:orchestration_transaction_changelist"), {"q": text})
        .context["slice"]
        .rows
    )

    assert scene.paid in [each.pk for each in found]
    assert len(found) == (2 if way == "handle" else 1)


def test_customers_are_masked(scene):
    text = signed_in("auditor").get(reverse("console:identity_customer_change", args=[scene.owner.id])).content.decode()

    assert scene.owner.email not in text
    assert f"{scene.owner.email[0]}•••@" in text


def test_reading_everything_leaves_no_trace_in_the_audit_log(scene):
    client = signed_in("auditor")
    before = AuditRecord.objects.count()

    for page in site.pages():
        client.get(page.address())
        for row in _rows(page, client)[:1]:
            client.get(page.address(row))

    assert AuditRecord.objects.count() == before


def test_the_tower_tells_what_waits_and_stands_when_a_part_falls(scene, monkeypatch):
    def broken():
        raise errors.SystemFault(detail="away")

    monkeypatch.setitem(tower._parts, "webhooks", tower.Part(name="webhooks", place=40, tell=broken))
    answer = signed_in("compliance_officer").get(reverse("console:tower"))
    text = answer.content.decode()

    assert answer.status_code == 200
    assert "Books out of balance" in text
    assert "could not be read (SystemFault)" in text
    assert [queue.label for queue in answer.context["queues"]] == ["Dead letters", "Held up"]
    assert [queue.count for queue in answer.context["queues"]] == ["1", "1"]


def test_everybody_has_a_tower_but_security_sees_no_figures_of_money(scene):
    answer = signed_in("security").get(reverse("console:index"))

    assert answer.status_code == 200
    assert answer.context["figures"] == []
    assert Role.SECURITY not in access.MONEY
