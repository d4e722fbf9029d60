"""The Celery tasks of identity. Each may run twice, at any time."""

from __future__ import annotations

from axes.models import AccessAttempt
from celery import shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models.functions import Now


@shared_task(name="identity.cleanup", queue="housekeeping")
def cleanup(**_: object) -> None:
    """Delete sign-ins that have ended by themselves, and failed attempts that no longer lock anybody out."""
    Session.objects.filter(expire_date__lt=Now()).delete()
    AccessAttempt.objects.filter(attempt_time__lt=Now() - settings.AXES_COOLOFF_TIME).delete()
