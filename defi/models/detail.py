"""What only a DeFi transaction has."""

from __future__ import annotations

from django.db import models


class DefiDetail(models.Model):
    """One row beside each DeFi transaction: the contract as it was when the customer agreed, and what he agreed to.

    ``expected_units`` and ``minimum_units`` count what arrives; ``slippage_bps`` is set where a price can move.
    ``gas_estimate_units`` is what the chain was estimated to cost, in its coin. Hashes are kept by core.chains.
    """

    transaction = models.OneToOneField("orchestration.Transaction", models.PROTECT, primary_key=True, related_name="+")
    protocol = models.CharField(max_length=20)
    action = models.CharField(max_length=20)
    chain = models.CharField(max_length=20)
    contract_address = models.CharField(max_length=64)
    expected_units = models.DecimalField(max_digits=78, decimal_places=0)
    minimum_units = models.DecimalField(max_digits=78, decimal_places=0)
    slippage_bps = models.PositiveIntegerField(null=True)
    gas_estimate_units = models.DecimalField(max_digits=78, decimal_places=0)
    position = models.ForeignKey("defi.Position", models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.action} by {self.protocol} on {self.chain}"
