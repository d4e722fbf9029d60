"""The last result of each check that beat started, for the console and the metrics."""

from __future__ import annotations

from django.db import models


class HealthResult(models.Model):
    """What a check found when it was last run. ``figure`` is what it counted, where it counts something."""

    name = models.TextField(primary_key=True)
    ok = models.BooleanField()
    critical = models.BooleanField()
    detail = models.TextField()
    took_ms = models.FloatField()
    figure = models.BigIntegerField(null=True)
    checked_at = models.DateTimeField()

    class Meta:
        db_table = "health_result"

    def __str__(self) -> str:
        return f"{self.name}: {'ok' if self.ok else 'ill'}"
