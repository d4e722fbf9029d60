"""Customers: creating, finding, changing."""

import uuid

import pytest

from core.identity import customers, models
from core.identity.customers import NewCustomer
from core.kernel import errors

pytestmark = pytest.mark.django_db
ANN = {
    "email": "Ann@Example.com",
    "password": "correct-horse-battery",
    "handle": "@Ann_1",
    "display_name": "  Ann   Example ",
    "country": "de",
}


def test_a_new_customer_is_kept_in_normal_form_with_an_argon2_password(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

    view = customers.create(NewCustomer(**ANN))

    assert (view.email, view.handle, view.display_name, view.country) == (
        "ann@example.com",
        "ann_1",
        "Ann Example",
        "DE",
    )
    assert (view.kyc_level, view.rate_class, view.status, view.version) == (1, "standard", "active", 1)
    user = models.User.objects.get(email="ann@example.com")
    assert user.password.startswith("argon2$argon2id$")
    assert user.check_password("correct-horse-battery")
    assert not user.is_staff


def test_level_and_rate_class_are_what_the_platform_says():
    view = customers.create(NewCustomer(**ANN, kyc_level=3, rate_class="bench"))

    assert (view.kyc_level, view.rate_class) == (3, "bench")


@pytest.mark.parametrize("text", ["ann_1", "@ann_1", " @ANN_1 "])
def test_a_customer_is_found_by_handle_however_it_is_written(text):
    created = customers.create(NewCustomer(**ANN))

    assert customers.find_by_handle(text) == created


def test_an_unknown_handle_finds_nobody_and_an_unknown_id_is_an_error():
    assert customers.find_by_handle("nobody") is None
    with pytest.raises(customers.CustomerNotFound):
        customers.get(uuid.uuid4())


def test_customers_are_read_together_in_one_query(django_assert_num_queries):
    ann = customers.create(NewCustomer(**ANN))
    bob = customers.create(NewCustomer(**{**ANN, "email": "bob@example.com", "handle": "bob"}))

    with django_assert_num_queries(1):
        found = customers.get_many([ann.id, bob.id, uuid.uuid4()])

    assert found == {ann.id: ann, bob.id: bob}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("email", "ann", "invalid_email"),
        ("email", "a" * 250 + "@example.com", "invalid_email"),
        ("handle", "an", "invalid_handle"),
        ("handle", "ann example", "invalid_handle"),
        ("handle", "änn", "invalid_handle"),
        ("display_name", "   ", "invalid_name"),
        ("display_name", "Ann\x07", "invalid_name"),
        ("country", "ZZ", "unknown_country"),
        ("password", "short", "password_too_weak"),
        ("password", "12345678901234", "password_too_weak"),
        ("password", "password123", "password_too_weak"),
        ("password", "ann@example.com", "password_too_weak"),
        ("password", "x1" * 501, "password_too_weak"),
    ],
)
def test_a_bad_field_is_named_and_nobody_is_created(field, value, code):
    with pytest.raises(errors.InvalidInput) as caught:
        customers.create(NewCustomer(**{**ANN, field: value}))

    assert (caught.value.code, caught.value.pointer) == (code, f"/{field}")
    assert models.User.objects.count() == 0


@pytest.mark.parametrize(
    ("changed", "error"),
    [({"handle": "other"}, customers.EmailTaken), ({"email": "other@example.com"}, customers.HandleTaken)],
)
def test_a_taken_email_or_handle_is_refused_and_leaves_no_user_behind(changed, error):
    customers.create(NewCustomer(**ANN))

    with pytest.raises(error):
        customers.create(NewCustomer(**{**ANN, **changed}))

    assert models.User.objects.count() == 1
    assert models.Customer.objects.count() == 1


def test_a_change_raises_the_version_and_a_stale_one_is_refused():
    ann = customers.create(NewCustomer(**ANN))

    changed = customers.change(customer_id=ann.id, fields={"display_name": "Anna"}, version=1)
    with pytest.raises(customers.StaleVersion):
        customers.change(customer_id=ann.id, fields={"display_name": "Anne"}, version=1)

    assert (changed.display_name, changed.version) == ("Anna", 2)
    assert customers.get(ann.id) == changed


@pytest.mark.parametrize("status", ["frozen", "active"])
def test_a_customer_is_frozen_until_he_is_active_again(status):
    ann = customers.create(NewCustomer(**ANN))

    view = customers.set_status(
        customer_id=ann.id, status=models.CustomerStatus(status), actor="staff:1", reason="asked"
    )

    assert (view.status, view.is_frozen, view.version) == (status, status == "frozen", 2)


def test_the_database_itself_refuses_an_upper_case_handle(refused_by):
    ann = customers.create(NewCustomer(**ANN))

    with refused_by("identity_customer_handle"):
        models.Customer.objects.filter(id=ann.id).update(handle="ANN")
