"""`manage.py prepare` on a database that is there already, as every start after the first sees it."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from core.health.models import HealthResult
from core.identity.models import Customer
from tests import databases


def test_preparing_twice_leaves_one_of_everything(committed_db: databases.Clone, tmp_path: Path) -> None:
    demo = tmp_path / "demo.json"

    call_command("prepare", demo=demo, verbosity=0)
    first = json.loads(demo.read_text())
    call_command("prepare", demo=demo, verbosity=0)

    assert json.loads(demo.read_text()) == first
    assert Customer.objects.count() == len(first["customers"])
    assert HealthResult.objects.get(name="books").ok


@override_settings(DIBOAS_ENV="prod")
def test_production_gets_no_demo_people(committed_db: databases.Clone, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="for development"):
        call_command("prepare", demo=tmp_path / "demo.json", verbosity=0)

    assert Customer.objects.count() == 0
    assert not (tmp_path / "demo.json").exists()
