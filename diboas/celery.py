"""The Celery application. Messages only wake things up; the plan is in PostgreSQL."""

import gc
import os
from typing import Any

from celery import Celery, signals
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
