"""The one write of the engine hands the ledger its movements as arrays, and plans each of its statements once."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = (
        ("orchestration", "0005_states_of_all_domains"),
        ("ledger", "0005_apply_by_arrays"),
    )
    operations = (
        # Going back leaves the functions as they are: their file keeps the current text, not the ones before.
        migrations.RunSQL(sql=(SQL / "commit.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
    )
