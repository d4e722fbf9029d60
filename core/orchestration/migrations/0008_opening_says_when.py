"""orchestration_open returns the moment at which it wrote, so that nobody reads the row again to show it."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = (("orchestration", "0007_index_of_the_unsettled"),)
    operations = (
        migrations.RunSQL(sql=(SQL / "open.sql").read_text(), reverse_sql=(SQL / "open_undo.sql").read_text()),
    )
