"""Rate classes: how often a customer may call what, as data."""

from __future__ import annotations

from django.db import models


class RateClass(models.Model):
    """The limit of one scope in one class, written as ``10/minute``."""

    code = models.CharField(max_length=20)
    scope = models.CharField(max_length=20)
    limit = models.CharField(max_length=40)

    class Meta:
        db_table = "identity_rate_class"
        constraints = (
            models.UniqueConstraint(name="identity_rate_class_scope", fields=("code", "scope")),
            models.CheckConstraint(
                name="identity_rate_class_limit",
                condition=models.Q(limit__regex="^[1-9][0-9]{0,8}/(second|minute|hour|day)$"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.scope} {self.limit}"
