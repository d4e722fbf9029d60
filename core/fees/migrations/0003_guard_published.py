"""Make published schedules immutable in the database itself.

After the seed, so that going back removes the guard first.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("fees", "0002_seed_first_schedule")]
    operations = [
        migrations.RunSQL(
            sql=(SQL / "guard.sql").read_text(encoding="utf-8"),
            reverse_sql=(SQL / "guard_reverse.sql").read_text(encoding="utf-8"),
        ),
    ]
