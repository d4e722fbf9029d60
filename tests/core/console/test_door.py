"""The console's door: all three proofs or nothing, whoever it is."""

import pytest
from django.urls import reverse

from core.console.site import site
from core.identity import models, staff
from tests.core.console.door import browser, member, signed_in
from tests.core.identity.codes import code
from tests.core.identity.people import PASSWORD, make_customer

pytestmark = pytest.mark.django_db


def addresses() -> list[str]:
    return [reverse("console:index"), reverse("console:tower"), *(page.address() for page in site.pages())]


def test_nothing_opens_without_a_session():
    client = browser()

    for address in addresses():
        answer = client.get(address)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith(reverse("console:login"))


def test_a_password_alone_opens_nothing_not_even_for_a_superuser():
    root = staff.create(email="root@example.com", password=PASSWORD, role="security", superuser=True)
    client = browser()
    client.force_login(models.User.objects.get(pk=root.user_id), backend="django.contrib.auth.backends.ModelBackend")

    assert {client.get(address).status_code for address in addresses()} == {302}


def test_a_customer_with_a_session_stays_outside():
    customer = make_customer()
    client = browser()
    client.force_login(
        models.User.objects.get(email=customer.email), backend="django.contrib.auth.backends.ModelBackend"
    )

    assert {client.get(address).status_code for address in addresses()} == {302}


def test_all_three_proofs_open_the_control_tower():
    client = signed_in("operations")

    answer = client.get(reverse("console:index"))

    assert answer.status_code == 200
    assert b"Control tower" in answer.content


def test_a_wrong_code_is_told_without_saying_what_was_wrong():
    made, _ = member()
    client = browser()

    answer = client.post(reverse("console:login"), {"username": made.email, "password": PASSWORD, "code": "000000"})

    assert answer.status_code == 200
    assert b"a current code of a staff account" in answer.content
    assert client.get(reverse("console:index")).status_code == 302


def test_five_wrong_codes_lock_the_door():
    made, secret = member()
    client = browser()
    for _ in range(5):
        client.post(reverse("console:login"), {"username": made.email, "password": PASSWORD, "code": "000000"})

    answer = client.post(reverse("console:login"), {"username": made.email, "password": PASSWORD, "code": code(secret)})

    assert answer.status_code == 429


def test_signing_in_leads_on_only_to_our_own_pages():
    made, secret = member()
    given = {"username": made.email, "password": PASSWORD, "code": code(secret), "next": "https://evil.example/"}

    answer = browser().post(reverse("console:login"), given)

    assert answer["Location"] == reverse("console:index")


def test_signing_out_closes_the_door():
    client = signed_in()

    client.post(reverse("console:logout"))

    assert client.get(reverse("console:index")).status_code == 302


def test_the_admins_own_ways_to_change_things_are_not_served():
    client = signed_in("auditor", superuser=True)
    listing = reverse("console:orchestration_transaction_changelist")

    for path in ("add/", "1/delete/", "1/history/"):
        assert client.get(listing + path).status_code == 404, path
    assert client.get("/console/password_change/").status_code == 404
