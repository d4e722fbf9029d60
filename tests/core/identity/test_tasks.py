"""What is cleaned up."""

from datetime import UTC, datetime, timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session

from core.identity import tasks

pytestmark = pytest.mark.django_db


def test_only_what_has_ended_is_deleted():
    now = datetime.now(UTC)
    for name, age in (("old", 16), ("new", 14)):
        Session.objects.create(session_key=name, session_data="", expire_date=now + timedelta(minutes=15 - age))
        attempt = AccessAttempt.objects.create(username=name, failures_since_start=5)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=now - timedelta(minutes=age))

    tasks.cleanup(future="argument")

    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]
    assert list(AccessAttempt.objects.values_list("username", flat=True)) == ["new"]
