"""The database itself refuses to change or delete what was recorded."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=(_SQL / "append_only.sql").read_text(),
            reverse_sql=(_SQL / "append_only_drop.sql").read_text(),
        ),
    ]
