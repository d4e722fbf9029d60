"""A running strategy is settled: the index of what is under way leaves it out. Claims get room to update in place."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("orchestration", "0006_movements_come_as_arrays"),)
    operations = (
        migrations.RemoveIndex("transaction", "orchestration_unsettled"),
        migrations.AddIndex(
            "transaction",
            models.Index(
                condition=models.Q(
                    ("state__in", ["COMPENSATED", "COMPLETED", "EXPIRED", "FAILED", "YIELD_STRATEGY_ACTIVE"]),
                    _negated=True,
                ),
                fields=["state", "updated_at"],
                name="orchestration_unsettled",
            ),
        ),
        migrations.RunSQL(
            sql="ALTER TABLE orchestration_transaction SET (fillfactor = 75)",
            reverse_sql="ALTER TABLE orchestration_transaction RESET (fillfactor)",
        ),
    )
