"""How prices change: a draft is copied from the newest schedule, edited, and published from a moment in the future."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from core.audit import audit
from core.fees import models
from core.kernel import clock, errors

_COPY_RULES = """
    INSERT INTO fees_rule (schedule_id, tier, code, domain, kind, method, asset, type, fact, rate, currency, flat_units,
        min_units, cap_units, over_units)
    SELECT %s, tier, code, domain, kind, method, asset, type, fact, rate, currency, flat_units, min_units, cap_units,
        over_units
    FROM fees_rule WHERE schedule_id = %s ORDER BY id
"""
# Both rows in one statement each, by the database's clock: what is in force never has a gap or an overlap.
_END = """
    UPDATE fees_schedule SET effective_to = %(at)s
    WHERE published_at IS NOT NULL AND effective_to IS NULL AND effective_from < %(at)s
"""
_PUBLISH = """
    UPDATE fees_schedule SET effective_from = %(at)s, published_at = clock_timestamp()
    WHERE id = %(id)s AND %(at)s > clock_timestamp() AND EXISTS (SELECT FROM fees_rule WHERE schedule_id = %(id)s)
"""


class ScheduleNotFound(errors.NotFound):
    """There is no schedule with this version."""

    default_code = "schedule_not_found"


class NotPublishable(errors.Conflict):
    """The schedule is published already, has no rules, or would start in the past or over another one."""

    default_code = "schedule_not_publishable"


def draft(*, name: str, actor: str) -> int:
    """Copy the newest schedule into a draft, whose rules may be edited until it is published; return its version."""
    with transaction.atomic():
        newest = models.Schedule.objects.select_for_update().order_by("-version").first()
        if newest is None:
            raise ScheduleNotFound(detail="There is no schedule to copy.")
        version = (models.Schedule.objects.aggregate(last=Max("version"))["last"] or 0) + 1
        copy = models.Schedule.objects.create(version=version, name=name, effective_from=newest.effective_from)
        with connection.cursor() as cursor:
            cursor.execute(_COPY_RULES, [copy.pk, newest.pk])
        audit.record(
            actor=actor, action="fees.drafted", target=_target(version), after={"name": name, "copied": newest.version}
        )
    return version


def publish(*, version: int, effective_from: datetime, actor: str, reason: str) -> None:
    """Put a draft in force from a moment in the future; the schedule before it ends at that moment.

    Raises: InvalidInput (``reason_required``); ScheduleNotFound; NotPublishable.
    """
    if not reason.strip():
        raise errors.InvalidInput(
            code="reason_required", detail="A change of prices needs a reason.", pointer="/reason"
        )
    with transaction.atomic():
        schedule = models.Schedule.objects.select_for_update().filter(version=version).first()
        if schedule is None:
            raise ScheduleNotFound(detail=f"There is no schedule {version}.")
        if schedule.published_at is not None:
            raise NotPublishable(detail=f"Schedule {version} is published already.")
        _put_in_force(schedule, effective_from)
        audit.record(
            actor=actor,
            action="fees.published",
            target=_target(version),
            reason=reason,
            before={"published": False},
            after={"published": True, "effective_from": clock.rfc3339(effective_from)},
        )


def _put_in_force(schedule: models.Schedule, at: datetime) -> None:
    values: dict[str, datetime | int] = {"at": at, "id": schedule.pk}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_END, values)
            cursor.execute(_PUBLISH, values)
            is_published = cursor.rowcount == 1
    except IntegrityError as error:
        raise NotPublishable(detail="It would start in the past, or while another one is in force.") from error
    if not is_published:
        raise NotPublishable(detail="It has no rules, or would start in the past.")


def _target(version: int) -> str:
    return f"fee_schedule:{version}"
