"""The database knows exactly the steps that the code of each domain declares."""

import pytest
from django.db import connection

from core.orchestration import kinds

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("code", ["banking", "investing", "defi"])
def test_the_database_has_the_pairs_of_the_code(code: str) -> None:
    declared = {(source, target) for source, target, _ in kinds.transitions_of(kinds.domain(code).model)}

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT unnest({code}_transitions())")
        pairs = {tuple(row[0].split(">")) for row in cursor.fetchall()}

    assert len(pairs) > 20
    assert pairs == declared


def test_no_domain_is_without_its_guard() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = 'orchestration_transaction'::regclass")
        guards = {row[0] for row in cursor.fetchall()}

    assert {f"{domain.code}_transaction_guard" for domain in kinds.domains()} <= guards
