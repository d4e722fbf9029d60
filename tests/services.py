"""Starts what the suite needs before Django's settings are read: PostgreSQL and Valkey of its own, unless given.

Loaded with `-p` (pyproject). Under xdist only the controller starts them; workers inherit the addresses. A worker never
stops them.
"""

import atexit
import os
import secrets
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from diboas.runner import postgres, valkey

_started: list[postgres.Postgres | valkey.Valkey] = []
_folders: list[Path] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """Set DATABASE_URL and REDIS_URL before pytest-django reads the settings."""
    asks_only = early_config.known_args_namespace.help or early_config.known_args_namespace.version
    if not (asks_only or "PYTEST_XDIST_WORKER" in os.environ):
        _start_missing()
    return (yield)


def _stop() -> None:
    while _started:
        _started.pop().stop()
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


def _start_missing() -> None:
    atexit.register(_stop)  # not pytest_unconfigure, which is left out when the settings cannot be loaded
    # Settings of a running instance must not leak into the tests, or they would test on somebody's data.
    os.environ["DIBOAS_VAR"] = str(_folder())
    if not os.environ.get("DATABASE_URL"):
        server = postgres.Postgres(
            folder=_folder() / "pg", password=_password(), log=_folder() / "pg.log", options=postgres.DISPOSABLE
        )
        server.start()
        _started.append(server)
        server.ensure_database(name="diboas")
        os.environ["DATABASE_URL"] = server.url(database="diboas")
    if not os.environ.get("REDIS_URL"):
        cache = valkey.Valkey(folder=_folder() / "valkey", password=_password(), log=_folder() / "valkey.log")
        cache.start()
        _started.append(cache)
        os.environ["REDIS_URL"] = cache.url


def _folder() -> Path:
    if not _folders:
        _folders.append(Path(tempfile.mkdtemp(prefix="diboas-test-")))
    return _folders[0]


def _password() -> str:
    return secrets.token_urlsafe(18)
