"""Staff and the console's door: no second factor, no entry."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group

from core.identity import models, roles, second_factor, staff
from core.identity.customers import EmailTaken
from tests.core.identity.codes import code
from tests.core.identity.people import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.identity.console")]


def sign_in(client, member, given, password=PASSWORD):
    return client.post("/console/sign-in", {"username": member.email, "password": password, "code": given})


def test_the_migration_made_a_group_for_each_role():
    assert set(Group.objects.values_list("name", flat=True)) >= {role.value for role in roles.Role}


def test_a_member_of_staff_has_a_role_and_a_second_factor(member):
    assert staff.find(user_id=member.user_id) == member
    assert member.roles == {"operations"}
    user = models.User.objects.get(pk=member.user_id)
    assert (user.is_staff, user.is_superuser) == (True, False)
    assert second_factor.is_enrolled(user_id=user.pk)


def test_one_email_is_one_person(member):
    with pytest.raises(EmailTaken):
        staff.create(email=member.email.upper(), password=PASSWORD, role="auditor")
    with pytest.raises(ValueError, match="emperor"):
        staff.create(email="x@example.com", password=PASSWORD, role="emperor")
    assert models.User.objects.count() == 1


def test_password_and_code_open_the_console(client, member, totp_secret):
    response = sign_in(client, member, code(totp_secret))

    assert (response.status_code, response["Location"]) == (302, "/console/")
    assert client.get("/console/").content == b"fresh"


@pytest.mark.parametrize(
    ("password", "steps"), [(PASSWORD, None), ("not-the-password", 0), (PASSWORD, 5)], ids=["code", "password", "old"]
)
def test_anything_wrong_gets_the_same_answer_and_no_session(client, member, totp_secret, password, steps):
    given = "000000" if steps is None else code(totp_secret, steps=steps)

    response = sign_in(client, member, given, password)

    assert b"Give the e-mail address, the password and a current code" in response.content
    assert client.get("/console/").status_code == 403


def test_without_a_code_field_nobody_comes_in(client, member):
    response = client.post("/console/sign-in", {"username": member.email, "password": PASSWORD})

    assert response.status_code == 200
    assert client.get("/console/").status_code == 403


def test_a_customer_cannot_open_the_console_even_with_a_second_factor(client, customer, totp_secret):
    second_factor.enrol(user=models.User.objects.get(email=customer.email), secret=totp_secret)

    sign_in(client, customer, code(totp_secret))

    assert client.get("/console/").status_code == 403


def test_staff_without_a_second_factor_stay_outside_and_so_does_the_superuser(client):
    root = staff.create(email="root@example.com", password=PASSWORD, role="security", superuser=True)

    sign_in(client, root, "000000")

    assert client.get("/console/").status_code == 403


def test_a_session_from_elsewhere_has_proven_nothing(client, member):
    client.force_login(models.User.objects.get(pk=member.user_id), backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/console/").content == b"shut"


def test_proof_is_fresh_for_ten_minutes_and_good_for_twelve_hours(client, member, totp_secret):
    start = time.time()
    with time_machine.travel(start, tick=False) as clock:
        sign_in(client, member, code(totp_secret))
        seen = []
        for later in (600, 601, 43_200, 43_201):
            clock.move_to(start + later)
            seen.append(client.get("/console/").content)

    assert seen == [b"fresh", b"open", b"open", b"shut"]


def test_a_new_code_makes_the_proof_fresh_again(client, member, totp_secret):
    with time_machine.travel(time.time(), tick=False) as clock:
        sign_in(client, member, code(totp_secret))
        clock.shift(timedelta(minutes=11))
        wrong = client.post("/console/confirm", {"code": "000000"}).content
        before = client.get("/console/").content
        right = client.post("/console/confirm", {"code": code(totp_secret)}).content

        assert (wrong, before, right) == (b"no", b"open", b"yes")
        assert client.get("/console/").content == b"fresh"


def test_wrong_codes_lock_the_door(client, member, totp_secret):
    for _ in range(5):
        sign_in(client, member, "000000")

    response = sign_in(client, member, code(totp_secret))

    assert response.status_code == 429
    assert client.get("/console/").status_code == 403
