"""The checks of ``verify_books`` find what does not add up. That they find nothing is asked after every other test."""

from __future__ import annotations

import pytest
from django.db import connection

from core.chains import books
from core.chains.models import Block, ChainOperation, Cursor, Wallet
from tests.chain.handle import Chain
from tests.core.chains.acts import pay, tick


def found() -> set[str]:
    return {each.check.removeprefix("chains ") for each in books.breaks()}


def without_triggers(table: str, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.mark.parametrize(
    ("name", "table", "break_it", "mend_it"),
    [
        (
            "nonces",
            "chains_wallet",
            "UPDATE chains_wallet SET next_nonce = 5 WHERE owner = 'treasury'",
            "UPDATE chains_wallet SET next_nonce = 1 WHERE owner = 'treasury'",
        ),
        (
            "gas",
            "chains_wallet",
            "UPDATE chains_wallet SET gas_spent = gas_spent + 1 WHERE owner = 'treasury'",
            "UPDATE chains_wallet SET gas_spent = gas_spent - 1 WHERE owner = 'treasury'",
        ),
        (
            "operations",
            "chains_inclusion",
            "UPDATE chains_inclusion SET succeeded = false",
            "UPDATE chains_inclusion SET succeeded = true",
        ),
        (
            "blocks",
            "chains_cursor",
            "UPDATE chains_cursor SET number = number + 1",
            "UPDATE chains_cursor SET number = number - 1",
        ),
    ],
)
def test_what_does_not_add_up_is_found(ethereum: Chain, name: str, table: str, break_it: str, mend_it: str) -> None:
    pay(ethereum)
    tick(ethereum)
    assert found() == set()

    without_triggers(table, break_it)
    broken = found()
    without_triggers(table, mend_it)

    assert broken == {name}


def test_a_frozen_wallet_is_a_break(ethereum: Chain) -> None:
    Wallet.objects.filter(owner="treasury").update(frozen_at="2026-11-22T00:00:00Z", frozen_reason="0x1 left it.")

    assert [(each.check, each.detail) for each in books.breaks()] == [("chains wallets", "0x1 left it.")]


def test_a_chain_of_blocks_holds_together(ethereum: Chain) -> None:
    tick(ethereum)
    ethereum.mine(2)
    tick(ethereum)
    assert Block.objects.filter(number=Cursor.objects.get().number).exists()
    assert ChainOperation.objects.count() == 0
    assert found() == set()
