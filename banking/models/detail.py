"""What only a banking transaction has."""

from __future__ import annotations

from django.db import models


class BankingDetail(models.Model):
    """One row beside each banking transaction that leaves our books: the instrument as it was, and the bank's words.

    ``destination`` is what the provider is compared with: the last four digits of an account, or nothing for a card.
    """

    transaction = models.OneToOneField("orchestration.Transaction", models.PROTECT, primary_key=True, related_name="+")
    method = models.CharField(max_length=20)
    holder = models.CharField(max_length=120)
    label = models.CharField(max_length=60)
    destination = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return f"{self.method} {self.label}"
