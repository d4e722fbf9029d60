"""One live server and one database of its own for all tests of a module: every test has its own customers."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests import databases
from tests.core.realtime import server
from tests.core.realtime.callers import (  # noqa: F401 - fixtures
    anyone,
    by_key,
    customer,
    fresh_rates,
    other,
    own,
)

PATIENT = {"SUBSCRIBE_S": 60.0, "SILENCE_S": 120.0}  # a machine under load must not close a test's sockets


@pytest.fixture(scope="module")
def module_db(database_template: str, django_db_blocker: DjangoDbBlocker) -> Iterator[databases.Clone]:
    """Do what ``committed_db`` does, once for a module."""
    name = f"{database_template}_{secrets.token_hex(4)}"
    with django_db_blocker.unblock():
        databases.close_all()
        databases.create(name=name, template=database_template)
        databases.point_at(name=name)
        try:
            yield databases.Clone(name=name, url=databases.url(name=name))
        finally:
            databases.close_all()
            databases.point_at(name=database_template)
            databases.drop(name=name)


@pytest.fixture(scope="module")
def live(module_db: databases.Clone) -> Iterator[server.LiveServer]:
    """Run a live server that is patient, and has no heartbeat that could hide a lost poke."""
    with server.running(database_url=module_db.url, HEARTBEAT_S=60.0, **PATIENT) as started:
        yield started


@pytest.fixture(scope="module")
def relay(module_db: databases.Clone) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "relay"],
        env={**os.environ, "DATABASE_URL": module_db.url, "DIBOAS_ROLE": "relay"},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert b"running" in process.stdout.readline()
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=10)
