"""The Celery application. Messages only wake things up; the plan is in PostgreSQL."""

import gc
import os
from typing import Any

from celery import Celery, signals
from django.db import connections
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "diboas.settings.dev")

app = Celery("diboas")
app.steps["worker"].add(DjangoStructLogInitStep)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.worker_process_init.connect
def freeze(**_: Any) -> None:
    """Leave what every process has loaded out of later collections: each would stop a drain for 0.1 s or more."""
    gc.collect()
    gc.freeze()


@signals.task_postrun.connect
def drop_lost_connections(**_: Any) -> None:
    """Give up a connection that a task has lost, so that the next one gets another.

    Celery leaves connections alone for as long as CELERY_DB_REUSE_MAX says: without this a worker would go on with a
    dead one after PostgreSQL was restarted, until somebody restarted the worker.
    """
    for connection in connections.all(initialized_only=True):
        if connection.errors_occurred:
            connection.close_if_unusable_or_obsolete()
