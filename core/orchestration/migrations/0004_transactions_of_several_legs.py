"""What a transaction of several legs keeps: what arrives, the leg at work, the locked terms and what really happened."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = (("orchestration", "0003_indexes_for_the_console"),)
    operations = (
        migrations.AddField("transaction", "leg", models.CharField(blank=True, default="", max_length=30)),
        migrations.AddField("transaction", "results", models.JSONField(default=dict)),
        migrations.AddField("transaction", "target_asset", models.CharField(blank=True, default="", max_length=30)),
        migrations.AddField("transaction", "terms", models.JSONField(default=dict)),
        # Going back leaves the functions as they are: their file keeps the current text, not the ones before.
        migrations.RunSQL(sql=(SQL / "commit.sql").read_text(), reverse_sql=migrations.RunSQL.noop),
    )
