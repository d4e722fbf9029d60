"""The second factor: codes of an authenticator app, each once, secrets encrypted."""

import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator

from core.identity import models, second_factor
from tests.core.identity.codes import code

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(customer):
    return models.User.objects.get(email=customer.email)


def test_a_code_of_the_app_is_accepted_once(user, totp_secret):
    second_factor.enrol(user=user, secret=totp_secret)
    now = code(totp_secret)

    assert second_factor.verify(user_id=user.pk, code=now)
    assert not second_factor.verify(user_id=user.pk, code=now)


def test_after_a_code_was_used_an_older_one_is_refused(user, totp_secret):
    second_factor.enrol(user=user, secret=totp_secret)

    assert second_factor.verify(user_id=user.pk, code=code(totp_secret, steps=1))
    assert not second_factor.verify(user_id=user.pk, code=code(totp_secret))


def test_a_code_of_two_steps_away_is_refused(user, totp_secret):
    second_factor.enrol(user=user, secret=totp_secret)

    with time_machine.travel(time.time() // 30 * 30 + 5, tick=False):
        assert not second_factor.verify(user_id=user.pk, code=code(totp_secret, steps=2))
        assert not second_factor.verify(user_id=user.pk, code=code(totp_secret, steps=-2))
        assert second_factor.verify(user_id=user.pk, code=code(totp_secret, steps=-1))


@pytest.mark.parametrize("wrong", ["", "000000x", "١٢٣٤٥٦", "12345"])
def test_what_is_no_code_is_refused(user, totp_secret, wrong):
    second_factor.enrol(user=user, secret=totp_secret)

    assert not second_factor.verify(user_id=user.pk, code=wrong)


def test_nothing_verifies_without_a_second_factor(user, totp_secret):
    assert not second_factor.is_enrolled(user_id=user.pk)
    assert not second_factor.verify(user_id=user.pk, code=code(totp_secret))


def test_each_recovery_code_works_once(user, totp_secret):
    codes = second_factor.enrol(user=user, secret=totp_secret)

    assert len(set(codes)) == 10
    assert second_factor.verify(user_id=user.pk, code=codes[3])
    assert not second_factor.verify(user_id=user.pk, code=codes[3])
    assert second_factor.verify(user_id=user.pk, code=codes[4])


def test_the_stored_secrets_are_encrypted(user, totp_secret):
    second_factor.enrol(user=user, secret=totp_secret)

    stored = {row.type: row.data for row in Authenticator.objects.filter(user=user)}
    assert stored["totp"]["secret"].startswith("v1:")
    assert totp_secret not in stored["totp"]["secret"]
    assert stored["recovery_codes"]["seed"].startswith("v1:")


def test_an_offered_secret_is_stored_only_with_a_code_made_from_it(user):
    offer = second_factor.offer(user=user)
    with pytest.raises(second_factor.CodeRefused):
        second_factor.confirm(user=user, secret=offer.secret, code="000000")
    assert not second_factor.is_enrolled(user_id=user.pk)

    now = code(offer.secret)
    second_factor.confirm(user=user, secret=offer.secret, code=now)

    assert second_factor.is_enrolled(user_id=user.pk)
    assert not second_factor.verify(user_id=user.pk, code=now), "the code of the confirmation is spent"


def test_a_second_factor_is_replaced_only_after_it_was_removed(user, totp_secret):
    second_factor.enrol(user=user, secret=totp_secret)

    with pytest.raises(second_factor.FactorExists):
        second_factor.offer(user=user)
    with pytest.raises(second_factor.FactorExists):
        second_factor.enrol(user=user, secret=second_factor.new_secret())
    second_factor.remove(user=user)

    assert not second_factor.is_enrolled(user_id=user.pk)
    with pytest.raises(second_factor.FactorMissing):
        second_factor.remove(user=user)


def test_a_rotation_of_the_field_keys_reaches_the_secrets(user, totp_secret, settings):
    second_factor.enrol(user=user, secret=totp_secret)
    before = Authenticator.objects.get(user=user, type="totp").data["secret"]
    settings.FIELD_KEYS = ["next:bmV4dC1uZXh0LW5leHQtbmV4dC1uZXh0LW5leHQtISE=", *settings.FIELD_KEYS]

    assert second_factor.rotate() == 2

    after = Authenticator.objects.get(user=user, type="totp").data["secret"]
    assert before != after
    assert after.startswith("v1:next:")
    assert second_factor.rotate() == 0
    assert second_factor.verify(user_id=user.pk, code=code(totp_secret))
