"""What the database itself refuses: lost seeds, holes in the nonces, changed history."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = (("chains", "0001_initial"),)
    operations = (
        migrations.RunSQL(
            sql=(_SQL / "guards.sql").read_text(), reverse_sql=(_SQL / "guards_reverse.sql").read_text()
        ),
    )
