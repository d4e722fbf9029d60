"""The database's own guards, and the one function through which money moves."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


def _load(name: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        sql=(SQL / f"{name}.sql").read_text(), reverse_sql=(SQL / f"{name}_reverse.sql").read_text()
    )


class Migration(migrations.Migration):
    dependencies = (("ledger", "0001_initial"),)
    operations = (_load("guards"), _load("exact"), _load("apply"))
