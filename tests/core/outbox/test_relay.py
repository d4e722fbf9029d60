"""The relay as a real process: it pokes, links, beats, outlives Redis and lost connections, and ends cleanly."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings as django_settings
from django.db import connection, transaction

from core.audit import audit, verify
from core.audit.models import AuditLink
from core.outbox import streams
from core.outbox.streams import StreamEntry
from core.resilience.models import Heartbeat
from tests import databases
from tests.core.resilience.conftest import Valkey

ROOT = Path(__file__).resolve().parents[3]
WAIT_S = 20.0


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    one = Valkey(tmp_path)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def relay(valkey: Valkey, committed_db: databases.Clone, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The management command in a process of its own, on the test's own database and Redis."""
    base = valkey.url.rpartition("/")[0]
    environment = {
        **os.environ, "DATABASE_URL": committed_db.url, "REDIS_URL": base, "CELERY_BROKER_URL": f"{base}/0",
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"], "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    with (tmp_path / "relay.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "relay"], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        eventually(lambda: Heartbeat.objects.filter(name="relay").exists())
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


def eventually(condition: Callable[[], Any], *, within_s: float = WAIT_S) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def append(customer: UUID, *channels: str) -> None:
    with transaction.atomic():
        streams.append(rows=[StreamEntry(customer_id=customer, channel=name, type="t") for name in channels])


async def _poked(url: str, customer: UUID, act: Callable[[], None]) -> tuple[dict[str, Any], float]:
    config = django_settings.CHANNEL_LAYERS["default"]["CONFIG"]
    layer = RedisPubSubChannelLayer(**{**config, "hosts": [url]})
    channel = await layer.new_channel()
    await layer.group_add(f"stream.{customer.hex}", channel)
    start = time.monotonic()
    await asyncio.to_thread(act)
    message = await asyncio.wait_for(layer.receive(channel), WAIT_S)
    took = time.monotonic() - start
    await layer.flush()
    return message, took


def poked(valkey: Valkey, customer: UUID, *channels: str) -> tuple[dict[str, Any], float]:
    """Append in a thread of its own while subscribed; return the poke and how long it took."""

    def act() -> None:
        append(customer, *channels)
        connection.close()

    return asyncio.run(_poked(valkey.url.rpartition("/")[0] + "/1", customer, act))


def test_a_socket_is_poked_when_its_stream_has_news(relay: "subprocess.Popen[bytes]", valkey: Valkey) -> None:
    customer = uuid.uuid4()
    with transaction.atomic():
        audit.record(actor="system:test", action="test.done", target="t")

    message, took = poked(valkey, customer, "balances", "transactions")

    assert message["type"] == "poke"
    assert message["customer"] == customer.hex
    assert sorted(message["channels"]) == ["balances", "transactions"]
    assert message["channel"] in message["channels"]
    assert took < 5
    eventually(lambda: AuditLink.objects.count() == 1)
    assert verify.run().findings == []


def test_it_outlives_redis_and_the_database_and_ends_when_told_to(
    relay: "subprocess.Popen[bytes]", valkey: Valkey, tmp_path: Path
) -> None:
    customer = uuid.uuid4()
    valkey.stop()
    append(customer, "balances")
    time.sleep(0.3)
    valkey.start()
    assert poked(valkey, customer, "balances")[0]["customer"] == customer.hex

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] >= 1
    assert poked(valkey, customer, "transactions")[0]["customer"] == customer.hex

    assert relay.poll() is None
    relay.send_signal(signal.SIGTERM)
    assert relay.wait(timeout=20) == 0
    assert "relay: stopped" in (tmp_path / "relay.log").read_text()
