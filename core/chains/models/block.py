"""How far a chain was read."""

from __future__ import annotations

from django.db import models


class Cursor(models.Model):
    """The newest block that was read whole, and what the node said of itself. One row per chain.

    ``node_number`` and ``finalized_number`` are the node's own; ``trouble`` says why reading stands still, if it does.
    """

    chain = models.TextField(primary_key=True)
    number = models.BigIntegerField()
    block_hash = models.TextField()
    node_number = models.BigIntegerField()
    finalized_number = models.BigIntegerField(null=True)
    checked_at = models.DateTimeField()
    trouble = models.TextField(blank=True, default="")

    class Meta:
        db_table = "chains_cursor"

    def __str__(self) -> str:
        return f"{self.chain} at {self.number}"


class Block(models.Model):
    """A recent block as we know it: by their hashes a reorganisation is seen."""

    chain = models.TextField()
    number = models.BigIntegerField()
    block_hash = models.TextField()
    parent_hash = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "chains_block"
        constraints = (models.UniqueConstraint(fields=["chain", "number"], name="chains_block_number"),)

    def __str__(self) -> str:
        return f"{self.chain} {self.number}"
