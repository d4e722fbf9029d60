"""The database's guards of investing: declared steps only, and history that is only added to."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = (("investing", "0001_initial"), ("orchestration", "0002_guards_and_commit"))
    operations = (
        migrations.RunSQL(
            sql=(SQL / "transitions.sql").read_text(), reverse_sql=(SQL / "transitions_undo.sql").read_text()
        ),
        migrations.RunSQL(sql=(SQL / "history.sql").read_text(), reverse_sql=(SQL / "history_undo.sql").read_text()),
    )
