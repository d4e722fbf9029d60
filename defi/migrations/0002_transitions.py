"""The database's guard of DeFi's states: it refuses every step that the code does not declare."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = (("defi", "0001_initial"), ("orchestration", "0002_guards_and_commit"))
    operations = (
        migrations.RunSQL(
            sql=(SQL / "transitions.sql").read_text(), reverse_sql=(SQL / "transitions_undo.sql").read_text()
        ),
    )
