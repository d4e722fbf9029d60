"""The timeline's guards, and the functions through which the engine writes."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


def _load(name: str) -> migrations.RunSQL:
    return migrations.RunSQL(sql=(SQL / f"{name}.sql").read_text(), reverse_sql=(SQL / f"{name}_undo.sql").read_text())


class Migration(migrations.Migration):
    dependencies = (
        ("orchestration", "0001_initial"),
        ("ledger", "0002_guards_and_apply"),
        ("outbox", "0002_functions"),
        ("routing", "0003_record_decisions"),
    )
    operations = (_load("guards"), _load("commit"))
