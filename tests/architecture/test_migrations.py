"""Migrations say exactly what the models say, and every step has a way back."""

import pytest
from django.core.management import call_command
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from diboas.settings import base

OURS = {name.rpartition(".")[2] for name in [*base.CORE_APPS, *base.DOMAIN_APPS]}


@pytest.mark.django_db
def test_models_have_no_change_without_a_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_every_operation_can_be_undone() -> None:
    loader = MigrationLoader(None)
    one_way = [
        f"{label}.{name}: {operation.describe()}"
        for (label, name), migration in loader.disk_migrations.items()
        if label in OURS
        for operation in migration.operations
        if not _is_reversible(operation)
    ]

    assert one_way == []


def _is_reversible(operation: Operation) -> bool:
    if isinstance(operation, migrations.RunSQL):
        return operation.reverse_sql is not None
    if isinstance(operation, migrations.RunPython):
        return operation.reverse_code is not None
    return bool(operation.reversible)


@pytest.mark.django_db
def test_no_two_migrations_compete() -> None:
    assert MigrationLoader(connection).detect_conflicts() == {}
