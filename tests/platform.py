"""The whole platform as real processes over a copy of the test database, for tests that look at it from outside.

One runner (``python -m diboas.runner``) in a temporary folder on free ports, with a Redis of its own. Its supervisor
starts again what a test kills.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil
import psycopg
import redis
import requests

from diboas.runner import instance, live_client, ports
from sandbox.chain import rpc
from tests.chain.handle import Chain

Json = dict[str, Any]
T = TypeVar("T")
SETTLED = frozenset({"COMPLETED", "FAILED", "EXPIRED", "COMPENSATED"})
ROLES = ("web", "live", "worker", "beat", "relay", "sandbox")
READY_S = 180.0  # eight processes and a migration on a machine that may be busy


@dataclass(slots=True)
class Client:
    """One customer's way into the API."""

    base_url: str
    api_key: str
    instruments: Mapping[str, str]
    handle: str
    session: requests.Session = field(default_factory=requests.Session)

    def send(
        self, method: str, path: str, body: object = None, *, key: str | None = None, **headers: str
    ) -> requests.Response:
        """Make one call; ``key`` is the Idempotency-Key. Raises: requests.RequestException when nobody answers."""
        given = {"Authorization": f"Bearer {self.api_key}"} | headers
        if key is not None:
            given["Idempotency-Key"] = key
        return self.session.request(method, f"{self.base_url}/api/v1{path}", json=body, headers=given, timeout=20)

    def get(self, path: str) -> Json:
        answer = self.send("GET", path)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def create(self, body: Json, *, key: str = "", patience_s: float = 40.0) -> Json:
        """Create a transaction; while nobody answers, send the same again under the same key."""
        key = key or secrets.token_hex(12)
        answer = eventually(lambda: self._accepted(body, key), timeout_s=patience_s, pause_s=0.3)
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made

    def deposit(self, amount: str, *, instrument: str = "") -> Json:
        return self.create(self.wish("deposit", amount, instrument=instrument))

    def withdraw(self, amount: str, *, instrument: str = "") -> Json:
        return self.create(self.wish("withdrawal", amount, instrument=instrument))

    def transfer(self, amount: str, to: str) -> Json:
        return self.create(self.wish("transfer", amount, to=to))

    def wish(self, kind: str, amount: str, *, instrument: str = "", to: str = "") -> Json:
        """Return the body for what a customer wants; the amount is the source's, fees inside."""
        body: Json = {"kind": kind, "source": {"amount": amount, "asset": "USD"}}
        if to:
            return body | {"to": {"handle": to}}
        return body | {"instrument_id": instrument or self.instruments["card" if kind == "deposit" else "bank_account"]}

    def see(self, transaction_id: str) -> Json:
        return self.get(f"/transactions/{transaction_id}")

    def settled(self, transaction_id: str, *, timeout_s: float = 45.0) -> Json:
        """Wait until a transaction has ended and return it."""
        return self.until(transaction_id, lambda row: row["state"] in SETTLED, timeout_s=timeout_s)

    def until(self, transaction_id: str, found: Callable[[Json], Any], *, timeout_s: float = 45.0) -> Json:
        """Wait until a transaction is as wanted; fail with how it was last."""
        deadline = time.monotonic() + timeout_s
        while True:
            row = self.see(transaction_id)
            if found(row):
                return row
            assert time.monotonic() < deadline, f"after {timeout_s:.0f} s: {row}\n{self.path(transaction_id)}"
            time.sleep(0.1)

    def path(self, transaction_id: str) -> list[str]:
        """Return the states of a transaction in order."""
        return [row["to"] for row in self.get(f"/transactions/{transaction_id}/events?limit=100")["data"] if row["to"]]

    def cents(self) -> tuple[int, int, int]:
        """Return what is available, held and incoming in banking dollars, in cents."""
        for part in self.get("/wallet")["domains"]:
            if part["domain"] == "banking":
                return cents(part["available"]), cents(part["held"]), cents(part["incoming"])
        return 0, 0, 0

    def live(self) -> live_client.LiveClient:
        """Open the customer's WebSocket."""
        answer = self.send("POST", "/ws-tickets")
        assert answer.status_code == 201, answer.text
        return live_client.LiveClient(url=answer.json()["url"], ticket=answer.json()["ticket"])

    def _accepted(self, body: Json, key: str) -> requests.Response | None:
        with contextlib.suppress(requests.RequestException):
            answer = self.send("POST", "/banking/transactions", body, key=key)
            return None if answer.status_code in (409, 429, 503) else answer
        return None


@dataclass(slots=True)
class Platform:
    """One running installation; without ``database_url`` it has a PostgreSQL of its own."""

    var: Path
    database_url: str
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    facts: Json = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start the runner and wait until it says that everything is up."""
        self.port = ports.free(length=3)
        leave_out = {
            "REDIS_URL",
            "CELERY_BROKER_URL",
            "DJANGO_SETTINGS_MODULE",
            "DATABASE_ROLE",
            "DIBOAS_INSTANCE",
            "CHAINS_FILE",
        }
        env = {name: value for name, value in os.environ.items() if name not in leave_out}
        env |= {
            "DIBOAS_VAR": str(self.var),
            "PORT": str(self.port),
            "DATABASE_URL": self.database_url,
            "DJANGO_SETTINGS_MODULE": "diboas.settings.dev",
            "SANDBOX_WEBHOOK_RETRY_CAP_MS": "1000",
            "CHAIN_BLOCK_TIME": "0.25",
            **self.extra,
        }
        self.var.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "diboas.runner"], cwd=instance.ROOT, env=env, stdout=log, stderr=log
            )
        eventually(self._is_ready, timeout_s=READY_S, pause_s=0.3)
        self.facts = json.loads((self.var / "demo.json").read_text())
        self.database_url = self.told()["DATABASE_URL"]

    def stop(self) -> None:
        """Stop everything as Ctrl-C would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            finally:
                self.process.kill()

    @property
    def log(self) -> Path:
        return self.var / "runner.log"

    def client(self, handle: str) -> Client:
        """Return one demo customer's way in: ana, bruno and carla are level 3 without narrow rate limits."""
        facts = next(each for each in self.facts["customers"] if each["handle"] == handle)
        return Client(
            base_url=self.facts["base_url"],
            api_key=facts["api_key"],
            instruments=facts["instruments"],
            handle=handle,
        )

    def pid(self, role: str) -> int | None:
        """Return the process that plays a role now, if it runs."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            facts = json.loads((self.var / "processes.json").read_text())
            pid: int | None = facts["processes"][role]["pid"]
            return pid
        return None

    def kill(self, role: str) -> bool:
        """Kill a role's process and its children, as the machine might; return whether it ran."""
        pid = self.pid(role)
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
            return True
        return False

    def told(self) -> dict[str, str]:
        """Return what the runner tells every process."""
        return dict(line.split("=", 1) for line in (self.var / "run.env").read_text().splitlines())

    def flush_redis(self) -> None:
        """Make Redis forget everything, the queues included."""
        with redis.Redis.from_url(self.told()["REDIS_URL"]) as server:
            server.flushall()

    def close_breakers(self) -> None:
        """Let every provider be called again, as a minute's pause would."""
        code = (
            "from core.resilience import breaker, models\n"
            "for row in models.BreakerState.objects.exclude(state='closed'):\n"
            "    breaker.Breaker(row.name).force_closed(actor='test', reason='test')\n"
            "    breaker.Breaker(row.name).auto(actor='test', reason='test')\n"
        )
        done = self.manage("shell", "-c", code)
        assert done.returncode == 0, done.stderr

    def control(self, method: str, path: str, body: object = None, **query: str) -> Json:
        """Use a control of the sandbox."""
        url = f"{self.facts['sandbox_url']}/_control/{path}"
        answer = requests.request(method, url, json=body, params=query, timeout=20)
        assert answer.ok, answer.text
        found: Json = answer.json()
        return found

    def fault(self, **script: object) -> None:
        self.control("PUT", "faults", script)

    def book(self, **filters: str) -> list[Json]:
        """Return everything that the pretend providers executed and that fits, oldest first."""
        rows: list[Json] = []
        after: int | None = 0
        while after is not None:
            page = self.control("GET", "book", limit="500", after=str(after), **filters)
            rows += page["rows"]
            after = page["next_after"]
        return rows

    def rows(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """Ask the database itself."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return connection.execute(sql.encode(), params).fetchall()

    def chain(self) -> Chain:
        """Return the installation's chain, on which a test may do anything that it can live with afterwards."""
        facts = json.loads((self.var / "chain.json").read_text())
        serving = psutil.Process(json.loads((self.var / "processes.json").read_text())["supervisor"])
        (node,) = (each for each in serving.children(recursive=True) if each.name() == "anvil")
        return Chain(node=rpc.Connection(facts["ethereum"]["rpc_url"]), facts=facts, pid=node.pid)

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of manage.py's commands as the runner's processes are run."""
        env = dict(os.environ) | self.told() | {"DIBOAS_VAR": str(self.var)}
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=instance.ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        return "] ready\n" in self.log.read_text()


def eventually(found: Callable[[], T | None], *, timeout_s: float, pause_s: float = 0.1) -> T:
    """Return the first true answer; fail after a while."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = found()
        if value:
            return value
        assert time.monotonic() < deadline, f"it did not happen in {timeout_s:.0f} s, last: {value!r}"
        time.sleep(pause_s)


def cents(money: Json) -> int:
    """Return an amount of the API in cents, exactly."""
    whole, _, rest = money["amount"].partition(".")
    return int(whole + rest.ljust(2, "0"))
