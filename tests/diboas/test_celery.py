"""What a worker does around its tasks."""

from __future__ import annotations

import psycopg
import pytest
from celery import signals
from django.db import OperationalError, connection

from core.resilience import statements
from diboas import celery


def _backend() -> int:
    return int(statements.fetch("SELECT pg_backend_pid()")[0][0])


def _kill(pid: int) -> None:
    """End a backend from outside, as a restart of the server does."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_the_task_after_one_that_lost_its_connection_has_another(committed_db: None) -> None:
    before = _backend()
    _kill(before)
    with pytest.raises(OperationalError):
        _backend()

    signals.task_postrun.send(sender=celery.app)

    assert _backend() != before
