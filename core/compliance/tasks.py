"""Celery entry points of compliance."""

from celery import shared_task

from core.compliance import cases


@shared_task(name="compliance.close_moot", queue="housekeeping", ignore_result=True, soft_time_limit=20, time_limit=30)
def close_moot(**_later: object) -> None:
    """Take cases off the queue whose transactions ended by themselves."""
    cases.close_moot(limit=500)
