"""Nonces under races and crashes: real commits, real threads, a real SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from core.chains import keystore, operations, wallets, watch
from core.chains.fees import Fees
from core.chains.models import Broadcast, ChainOperation, ChainTransaction, OperationState, Seed, Wallet
from core.chains.operations import OperationView, Step
from core.chains.signing import authorised
from diboas.runner import instance
from tests.chain.handle import Chain
from tests.core.chains.acts import quiet, tick
from tests.databases import Clone

ETHER = 10**18
_CRASH = """
import os, signal, django
django.setup()
from core.chains import operations
from core.chains.sending import offering
offering.offer = lambda **_: os.kill(os.getpid(), signal.SIGKILL)
step = operations.Step(sender="treasury", to=os.environ["TO"], value=10**18, label="pay")
operations.submit(key="crash", chain="ethereum", steps=[step])
"""


def pay(to: str, key: str) -> OperationView:
    step = Step(sender="treasury", to=to, value=ETHER // 100, label="pay")
    try:
        return operations.submit(key=key, chain="ethereum", steps=[step])
    finally:
        connection.close()


def test_many_at_once_take_nonces_without_a_gap(committed_ethereum: Chain) -> None:
    keys = [f"k{number}" for number in range(24)]
    address = committed_ethereum.accounts[0]
    before = committed_ethereum.ether_of(address)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: pay(address, key), keys))
    for _ in range(3):
        tick(committed_ethereum)
        committed_ethereum.mine(1)
    tick(committed_ethereum)

    assert sorted(ChainTransaction.objects.values_list("nonce", flat=True)) == list(range(24))
    assert Wallet.objects.get(owner="treasury").next_nonce == 24
    assert set(ChainOperation.objects.values_list("state", flat=True)) == {OperationState.FINAL}
    assert committed_ethereum.ether_of(address) == before + 24 * ETHER // 100


def test_one_key_from_many_threads_does_it_once(committed_ethereum: Chain) -> None:
    to = committed_ethereum.accounts[0]
    before = committed_ethereum.ether_of(to)
    start = threading.Barrier(8)

    def submit(_number: int) -> tuple[str, ...]:
        start.wait()
        return pay(to, "same").hashes

    with ThreadPoolExecutor(8) as pool:
        hashes = set(pool.map(submit, range(8)))
    quiet(committed_ethereum)

    assert len(hashes) == 1
    assert (ChainOperation.objects.count(), Broadcast.objects.count()) == (1, 1)
    assert Wallet.objects.get(owner="treasury").next_nonce == 1
    assert committed_ethereum.ether_of(to) == before + ETHER // 100


def test_wallets_made_at_once_are_numbered_without_a_gap(committed_ethereum: Chain) -> None:
    customers = [uuid4() for _ in range(6)]

    def make(number: int) -> str:
        try:
            return wallets.address_of(owner=customers[number % 6], chain="ethereum")
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        addresses = set(pool.map(make, range(18)))

    assert len(addresses) == 6
    assert sorted(Wallet.objects.values_list("number", flat=True)) == list(range(8))


def test_a_process_killed_before_it_could_send_loses_nothing(
    committed_ethereum: Chain, committed_db: Clone, tmp_path: Path
) -> None:
    to = committed_ethereum.accounts[0]
    before = committed_ethereum.ether_of(to)
    facts = tmp_path / "chain.json"
    facts.write_text(json.dumps(committed_ethereum.facts, default=dict))
    env = os.environ | {
        "DATABASE_URL": committed_db.url,
        "CHAINS_FILE": str(facts),
        "DJANGO_SETTINGS_MODULE": "diboas.settings.dev",
        "TO": to,
    }

    done = subprocess.run([sys.executable, "-c", _CRASH], cwd=instance.ROOT, env=env, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (Broadcast.objects.get().sent_at, committed_ethereum.ether_of(to)) == (None, before)
    tick(committed_ethereum)
    committed_ethereum.mine(3)
    tick(committed_ethereum)

    found = operations.status(key="crash")
    assert found is not None
    assert (found.state, committed_ethereum.ether_of(to)) == (OperationState.FINAL, before + ETHER)


def test_two_watchers_at_once_do_no_harm(committed_ethereum: Chain) -> None:
    tick(committed_ethereum)
    for number in range(4):
        pay(committed_ethereum.accounts[0], f"k{number}")
    committed_ethereum.mine(5)

    def look(_number: int) -> None:
        try:
            watch.tick(chain="ethereum")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(look, range(4)))
    tick(committed_ethereum)

    assert set(ChainOperation.objects.values_list("state", flat=True)) == {OperationState.FINAL}
    assert Broadcast.objects.count() == 4


# What the database refuses


def refused(sql: str) -> str:
    with pytest.raises(IntegrityError) as no, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    return str(no.value)


def test_nobody_moves_a_nonce_by_hand(ethereum: Chain) -> None:
    wallets.ensure(owner="treasury", chain="ethereum")

    assert "by a transaction only" in refused("UPDATE chains_wallet SET next_nonce = next_nonce + 1")
    assert "wallets stay" in refused("DELETE FROM chains_wallet")
    assert "keeps its owner" in refused("UPDATE chains_wallet SET address = '0x0'")
    assert "loses the coins" in refused("DELETE FROM chains_seed")


def test_a_nonce_without_a_signature_is_not_committed(ethereum: Chain) -> None:
    operation = ChainOperation.objects.create(
        key="k", chain="ethereum", reference="", from_block=0, created_at=Now(), changed_at=Now()
    )
    step = ChainTransaction.objects.create(
        operation=operation,
        position=0,
        wallet=wallets.ensure(owner="treasury", chain="ethereum"),
        to=ethereum.accounts[0],
        label="x",
        gas_limit=21_000,
    )

    assert "was not signed" in refused(
        "UPDATE chains_transaction SET nonce = 0; SET CONSTRAINTS chains_nonce_is_signed IMMEDIATE"
    )
    assert "not the next one" in refused("UPDATE chains_transaction SET nonce = 5")
    with pytest.raises(authorised.NotAuthorised):
        keystore.sign(step, fees=Fees(max_fee=10**9, priority_fee=10**9))


def test_the_seed_is_made_once_and_lies_encrypted(ethereum: Chain) -> None:
    fingerprint = Seed.objects.get().fingerprint

    keystore.ensure()

    with connection.cursor() as cursor:
        cursor.execute("SELECT phrase, fingerprint FROM chains_seed")
        rows = cursor.fetchall()
    assert [row[1] for row in rows] == [fingerprint]
    assert rows[0][0].startswith("v1:dev:")
    assert len(Seed.objects.get().phrase.split()) == 24
