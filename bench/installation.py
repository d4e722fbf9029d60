"""A whole installation in a temporary folder, as `make run` starts it, with a provider that answers at once.

The application's processes can be frozen, so that a yardstick taken between two rounds has the machine to itself.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from diboas.runner import __main__ as runner
from diboas.runner import instance, supervisor
from diboas.runner.chain import joining

INSTANT = {"SANDBOX_ACH_SUBMIT_MS": "0", "SANDBOX_ACH_SETTLE_MS": "0", "SANDBOX_STRIPE_BANK_DEBIT_MS": "0"}
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True, kw_only=True)
class Installation:
    """A database and Redis, prepared; the application's processes once ``start`` was called."""

    one: instance.Instance
    boss: supervisor.Supervisor

    @property
    def env(self) -> dict[str, str]:
        return self.one.env

    @property
    def url(self) -> str:
        """Where the database is, as its owner."""
        return self.one.env["DATABASE_URL"].replace("postgres://", "postgresql://")

    @property
    def base_url(self) -> str:
        return self.one.addresses.base_url

    def start(self) -> None:
        """Start web, live, worker, beat, relay and sandbox, and wait until they answer."""
        self.boss.env = self.one.env
        self.boss.programs = self.one.programs()
        self.boss.start()
        runner.wait_ready(one=self.one, boss=self.boss)
        threading.Thread(target=self.boss.run, daemon=True).start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the application's processes for a while, as they are."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def cpu_s(self) -> dict[str, float]:
        """Return the seconds of CPU that each part has used so far, its children included."""
        parts = {each.name: each.child for each in self.boss.programs}
        parts |= {name: server.child for name, server in self.one.servers.items()}
        return {name: _group_cpu_s(child.pid) for name, child in parts.items() if child is not None}

    def _signal(self, number: signal.Signals) -> None:
        for program in self.boss.programs:
            if program.child is not None:
                with suppress(ProcessLookupError):
                    os.killpg(program.child.pid, number)


@contextmanager
def opened() -> Iterator[Installation]:
    """Make an installation with its servers running and the database prepared; remove it in the end."""
    folder = Path(tempfile.mkdtemp(prefix="diboas-bench-"))
    # Named by somebody else and not there: no chain is started, for no lifecycle here needs one.
    os.environ.update({**INSTANT, joining.FILE: str(folder / "chain.json")})
    os.chdir(instance.ROOT)
    one = instance.Instance(var=folder, port=0)
    boss = supervisor.Supervisor(
        env=one.env, programs=[], status_file=folder / "processes.json", say=one.say, servers=one.servers
    )
    try:
        one.claim()
        one.start_servers()
        one.prepare()
        yield Installation(one=one, boss=boss)
    finally:
        boss.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _group_cpu_s(group: int) -> float:
    """Add up the processes of a process group. PostgreSQL's backends are sessions of their own: found by parent."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            fields = stat.read_text().rpartition(")")[2].split()
            parent, owner = int(fields[1]), int(fields[2])
            if group in {owner, parent}:
                total += sum(int(fields[place]) for place in (11, 12, 13, 14)) / _TICKS
    return total
