"""The set-based writers of the outbox, and room for in-place updates of the heads."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=(_SQL / "outbox_functions.sql").read_text(),
            reverse_sql=(_SQL / "outbox_functions_drop.sql").read_text(),
        ),
        migrations.RunSQL(
            sql="ALTER TABLE outbox_streamhead SET (fillfactor = 70)",
            reverse_sql="ALTER TABLE outbox_streamhead RESET (fillfactor)",
        ),
    ]
