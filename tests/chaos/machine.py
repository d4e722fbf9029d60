"""The processes of a running platform as a bad machine treats them: killed, frozen, started again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from tests.chain.handle import Chain
from tests.platform import Platform

# What the runner starts before its programs, known by a word of its command line.
SERVERS = {"postgres": "postgres", "valkey": "valkey-server", "chain": "sandbox.chain"}


@dataclass(slots=True)
class Machine:
    """Where a platform's processes are. A role or server that is only just coming up is nobody."""

    platform: Platform

    def group(self, name: str) -> int | None:
        """Return the process group of a program or server, if it runs: each has one of its own."""
        return self._server(SERVERS[name]) if name in SERVERS else self.platform.pid(name)

    def has(self, name: str) -> bool:
        return self.group(name) is not None

    def kill(self, name: str) -> bool:
        return self._signal(name, signal.SIGKILL)

    def interrupt(self, name: str) -> bool:
        """Ask a server to end at once but in order, as an update of the machine does."""
        return self._signal(name, signal.SIGINT)

    def freeze(self, name: str, *, for_s: float) -> bool:
        """Stop every thread of a group for a while: it keeps its connections and leases and does nothing."""
        group = self.group(name)
        if group is None:
            return False
        with self._frozen(group):
            time.sleep(for_s)
        return True

    def chain(self) -> Chain | None:
        """Return the chain, unless it is only just coming up, or there is none."""
        with contextlib.suppress(ValueError, OSError, psutil.Error):
            return self.platform.chain()
        return None

    def _signal(self, name: str, number: signal.Signals) -> bool:
        group = self.group(name)
        if group is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)
            return True
        return False

    @contextlib.contextmanager
    def _frozen(self, group: int) -> Iterator[None]:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGCONT)

    def _server(self, word: str) -> int | None:
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            status = json.loads((self.platform.var / "processes.json").read_text())
            for child in psutil.Process(status["supervisor"]).children():
                with contextlib.suppress(psutil.Error):
                    if any(word in each for each in child.cmdline()):
                        return child.pid
        return None


def patiently(found: Callable[[], bool], *, timeout_s: float, pause_s: float = 0.25) -> bool:
    """Wait until something is so; return whether it became so. What fails meanwhile is asked again."""
    deadline = time.monotonic() + timeout_s
    while True:
        with contextlib.suppress(Exception):
            if found():
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(pause_s)
