"""Prices change by a new schedule: from a moment on, without a gap, with a name and a reason."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from core.audit.models import AuditRecord
from core.fees import models, publishing, schedules
from core.kernel import errors, held

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_copies():
    held.forget_all()
    yield
    held.forget_all()


def publish(version, *, starts_in=timedelta(milliseconds=50), reason="Cheaper transfers."):
    publishing.publish(version=version, effective_from=timezone.now() + starts_in, actor="staff:3", reason=reason)


def rates(version):
    return sorted(models.Rule.objects.filter(schedule__version=version).values_list("tier", "code", "method", "rate"))


def test_draft_is_a_copy_of_the_newest_and_not_in_force():
    version = publishing.draft(name="Winter prices", actor="staff:3")

    assert version == 3
    assert rates(3) == rates(2)
    assert schedules.load().version == 2


def test_published_draft_takes_over_at_its_moment():
    version = publishing.draft(name="Winter prices", actor="staff:3")
    models.Rule.objects.filter(schedule__version=version, code="transfer_fixed").update(flat_units=10)

    publish(version)
    before = schedules.load()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.06)")
    after = schedules.load()

    assert (before.version, after.version) == (2, 3)
    assert [rule.flat_units for rule in after.rules if rule.code == "transfer_fixed"] == [10]
    first, second = models.Schedule.objects.filter(version__gt=1).order_by("version")
    assert first.effective_to == second.effective_from


def test_publication_is_audited():
    publish(publishing.draft(name="Winter prices", actor="staff:3"))

    record = AuditRecord.objects.get(action="fees.published")
    assert (record.actor, record.target, record.reason) == ("staff:3", "fee_schedule:3", "Cheaper transfers.")


@pytest.mark.parametrize("starts_in", [timedelta(seconds=-1), timedelta(days=-5000)])
def test_prices_never_change_in_the_past(starts_in):
    version = publishing.draft(name="Winter prices", actor="staff:3")

    with pytest.raises(publishing.NotPublishable):
        publish(version, starts_in=starts_in)

    assert models.Schedule.objects.get(version=version).published_at is None
    assert models.Schedule.objects.get(version=2).effective_to is None
    assert not AuditRecord.objects.filter(action="fees.published").exists()


def test_draft_without_rules_would_make_everything_free():
    version = publishing.draft(name="Nothing", actor="staff:3")
    models.Rule.objects.filter(schedule__version=version).delete()

    with pytest.raises(publishing.NotPublishable):
        publish(version)

    assert models.Schedule.objects.get(version=2).effective_to is None


def test_published_once():
    version = publishing.draft(name="Winter prices", actor="staff:3")
    publish(version, starts_in=timedelta(days=1))

    with pytest.raises(publishing.NotPublishable):
        publish(version, starts_in=timedelta(days=2))


def test_reason_is_required():
    version = publishing.draft(name="Winter prices", actor="staff:3")

    with pytest.raises(errors.InvalidInput) as refused:
        publish(version, reason=" ")

    assert refused.value.code == "reason_required"


def test_unknown_schedule_does_not_exist():
    with pytest.raises(publishing.ScheduleNotFound):
        publish(99)
