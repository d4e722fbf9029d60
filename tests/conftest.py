"""Fixtures for every test: a database of one's own for tests that really commit."""

import secrets
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.creation import TEST_DATABASE_PREFIX
from django.test.utils import setup_databases, teardown_databases
from pytest_django import Settings
from pytest_django.plugin import DjangoDbBlocker
from xdist.remote import Producer

from core.kernel import held, ids
from core.ledger import accounts
from core.market import book
from core.providers import states
from tests import databases, scheduling
from tests.platform import Platform
from tests.running import running


@pytest.fixture(autouse=True)
def forget_rolled_back_accounts() -> Generator[None, Any, None]:
    """Empty the ledger's in-process ids of accounts: a test's rollback or clone takes the rows away."""
    accounts.forget()
    yield
    accounts.forget()


@pytest.fixture(autouse=True)
def forget_rolled_back_prices() -> None:
    """Drop the prices held in this process: a test's rollback takes them away."""
    book.forget()


@pytest.fixture
def own_memory(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a test Redis keys and in-process copies of its own: both outlive a rolled-back database."""
    settings.INSTANCE = secrets.token_hex(4)
    monkeypatch.setattr(states, "_cached", (-states.CACHE_S, {}))
    held.forget_all()


@pytest.fixture(autouse=True)
def ids_of_this_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ids start from now: they only ever rise, so a test that travelled in time would take them along for good."""
    monkeypatch.setattr(ids, "_last", 0)


@pytest.fixture(scope="session")
def database_template(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Generator[str, Any, None]:
    """Give the name of the migrated test database, which clones are copied from.

    pytest-django sets it up only if some collected test has the `django_db` mark; a run of nothing but committed_db
    tests has none, and would copy the developer's own database.
    """
    if name_in_use().startswith(TEST_DATABASE_PREFIX):
        yield name_in_use()
        return
    with django_db_blocker.unblock():
        before = setup_databases(verbosity=0, interactive=False, aliases={"default"})
    yield name_in_use()
    with django_db_blocker.unblock():
        teardown_databases(before, verbosity=0)


def name_in_use() -> str:
    return str(connections["default"].settings_dict["NAME"])


@pytest.fixture
def committed_db(
    database_template: str, django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> Generator[databases.Clone, Any, None]:
    """Point the default connection at a fresh copy of the migrated database; drop the copy afterwards.

    For tests that really commit, in threads or in other processes: the append-only tables refuse TRUNCATE, so
    transactional tests cannot clean up behind themselves. Do not combine with the `django_db` mark.
    """
    if request.node.get_closest_marker("django_db"):
        pytest.fail("committed_db replaces the django_db mark: use one of them")
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


@pytest.fixture(scope="session")
def platform(database_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Run the whole platform, once for all tests that look at it from outside.

    tests/scheduling.py gives all of them to one process; each leaves the pretend providers well behaved.
    """
    with running(template=database_template, folder=tmp_path_factory.mktemp("platform")) as made:
        yield made


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> scheduling.OnePlatform:
    """Keep the tests that need the running platform in one process."""
    return scheduling.OnePlatform(config, log)
