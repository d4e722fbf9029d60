"""orchestration_open returns the moment at which it wrote, so that nobody reads the row again to show it."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = (("orchestration", "0007_index_of_the_unsettled"),)
    operations = (
        # Going back leaves the functions as they are: their file keeps the current text, not the ones before.
        migrations.RunSQL(sql=(SQL / "commit.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
    )
