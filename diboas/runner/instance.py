"""One installation: its data folder, servers, environment, and the way from nothing to ready."""

import fcntl
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from diboas.runner import children, keys, ports, postgres, prepared, processes, supervisor, valkey
from diboas.runner.chain import joining
from diboas.runner.chain.server import Chain

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "diboas"
APPLICATION_ROLE = "diboas_app"
# The pretend providers hold the other half of our secrets with them.
SANDBOX_KNOWS = {
    "STRIPE_API_KEY": "STRIPE_API_KEY",
    "STRIPE_WEBHOOK_SECRET": "STRIPE_WEBHOOK_SECRETS",
    "INCREASE_API_KEY": "INCREASE_API_KEY",
    "INCREASE_WEBHOOK_SECRET": "INCREASE_WEBHOOK_SECRETS",
    "INCREASE_ACCOUNT_ID": "INCREASE_ACCOUNT_ID",
}
OPENING_BALANCE = "100000000"  # cents at the pretend bank; the books open with the same (diboas/demo_money.py)
PORT_PATIENCE_S = 5.0


class AlreadyRunningError(RuntimeError):
    """Another runner holds this data folder."""


@dataclass(slots=True, kw_only=True)
class Instance:
    """Everything that `make run` starts over one data folder."""

    var: Path
    port: int
    started: float = field(default_factory=time.monotonic)
    servers: dict[str, supervisor.Server] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    block_time: str = "1"  # of the chain, in seconds
    chain: Chain | None = None
    joined: joining.Joined | None = None
    _lock: IO[str] | None = None

    def say(self, message: str) -> None:
        print(f"[{time.monotonic() - self.started:5.1f} s] {message}", flush=True)

    def claim(self) -> None:
        """Hold the data folder for as long as this process lives.

        Raises: AlreadyRunningError when another runner holds it; RuntimeError when a port is taken.
        """
        for folder in (self.var, self.var / "static", self.var / "mail"):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self.var / "run.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(f"another runner uses {self.var}: stop it, or set DIBOAS_VAR and PORT") from None
        self.port = self.port or ports.free(length=3)
        # What an earlier runner left may still be letting go of its port.
        deadline = time.monotonic() + PORT_PATIENCE_S
        while taken := [port for port in range(self.port, self.port + 3) if not ports.is_free(port=port)]:
            if time.monotonic() > deadline:
                raise RuntimeError(f"port {taken[0]} is taken: set PORT (it and the two after it are used)")
            time.sleep(0.1)

    def start_servers(self) -> None:
        """Start PostgreSQL and Valkey, or take those that the environment names, and settle the environment.

        The chain is only begun: it may have to be installed, and nothing needs it before `join_chain`.
        """
        self.chain = joining.begin(var=self.var, log=self.log(name="chain"), block_time=self.block_time)
        if self.chain is not None:
            self.servers["chain"] = self.chain
        secrets = keys.load(folder=self.var)
        database_url, redis_url = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
        if not redis_url:
            redis = valkey.Valkey(
                folder=self.var / "valkey", password=secrets["VALKEY_PASSWORD"], log=self.log(name="valkey")
            )
            redis.start()
            self.servers["valkey"] = redis
            redis_url = redis.url
            self.say(f"valkey on port {redis.port}")
        if not database_url:
            database = postgres.Postgres(
                folder=self.var / "postgres", password=secrets["POSTGRES_PASSWORD"], log=self.log(name="postgres")
            )
            database.start()
            self.servers["postgres"] = database
            database.ensure_database(name=DATABASE)
            database_url = database.url(database=DATABASE)
            self.say(f"postgres on port {database.port}")
        self._settle(secrets, database_url, redis_url)

    def prepare(self) -> None:
        """Migrate as the owner of the database, load reference and demo data.

        Raises: RuntimeError with the end of the log when a step fails.
        """
        note, demo, url = self.var / "prepared.txt", self.var / "demo.json", self.env["DATABASE_URL"]
        if prepared.is_done(note=note, root=ROOT, database_url=url, demo=demo):
            self._move_in(demo)
            self.say("database is as this version left it")
            return
        log = self.log(name="prepare")
        # Empty: migrations connect as the owner, everything after them as the application's role.
        owner = self.env | {"DATABASE_ROLE": ""}
        done = subprocess.run(
            [sys.executable, "manage.py", "prepare", "--demo", str(demo)],
            stdin=subprocess.DEVNULL,
            stdout=log.open("ab"),
            stderr=subprocess.STDOUT,
            env=owner,
            cwd=ROOT,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"preparing the database failed:\n{children.tail(log=log, lines=40)}")
        prepared.remember(note=note, root=ROOT, database_url=url)
        self.say("database migrated, reference and demo data loaded")

    def join_chain(self) -> None:
        """Wait for the chain, which `start_servers` began; where there can be none, the rest runs."""
        self.joined = joining.join(
            begun=self.chain, addresses=Path(self.env[joining.FILE]), demo=self.var / "demo.json", say=self.say
        )

    def programs(self) -> list[supervisor.Program]:
        return [
            supervisor.Program(name=each.name, command=each.command, log=self.log(name=each.name))
            for each in self.roles()
        ]

    def roles(self) -> list[processes.Process]:
        has_chain = self.joined is not None and self.joined.facts is not None
        return processes.all_of(addresses=self.addresses, var=self.var, watches=has_chain)

    @property
    def addresses(self) -> processes.Addresses:
        return processes.Addresses(port=self.port)

    def log(self, *, name: str) -> Path:
        folder = self.var / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.log"

    def demo_facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.var / "demo.json").read_text())
        return facts

    def stop_servers(self) -> None:
        for server in reversed(self.servers.values()):
            server.stop()

    def _move_in(self, demo: Path) -> None:
        """Bring the addresses in the demo file up to date: PORT may be another than last time."""
        place = self.addresses
        urls = {"base_url": place.base_url, "live_url": place.live_url, "sandbox_url": place.sandbox_url}
        keys.write_private(path=demo, text=json.dumps(self.demo_facts() | urls, indent=1) + "\n")

    def _settle(self, secrets: dict[str, str], database_url: str, redis_url: str) -> None:
        """Fix what every process is told, and write it down for commands typed by hand."""
        told = {name: value for name, value in secrets.items() if not name.endswith("_PASSWORD")}
        told |= {
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "diboas.settings.dev"),
            "DIBOAS_VAR": str(self.var),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "BASE_URL": self.addresses.base_url,
            "LIVE_URL": self.addresses.live_url,
            "SANDBOX_URL": self.addresses.sandbox_url,
            joining.FILE: str(self.var / "chain.json"),
            "STRIPE_BASE_URL": self.addresses.sandbox_url,
            "INCREASE_BASE_URL": self.addresses.sandbox_url,
            "KRAKEN_BASE_URL": self.addresses.sandbox_url,
        }
        # A developer's own values (another provider account, another broker) win over ours.
        told |= {name: os.environ[name] for name in told if os.environ.get(name)}
        told |= {f"SANDBOX_{theirs}": told[ours] for theirs, ours in SANDBOX_KNOWS.items()}
        told["SANDBOX_KRAKEN_API_KEYS"] = f"{told['KRAKEN_API_KEY']}:{told['KRAKEN_API_SECRET']}"
        told.setdefault("SANDBOX_INCREASE_OPENING_BALANCE", OPENING_BALANCE)
        lines = [f"{name}={value}" for name, value in told.items() if name != "DIBOAS_VAR"]
        keys.write_private(path=self.var / "run.env", text="\n".join(lines) + "\n")
        self.env = dict(os.environ) | told | {"DATABASE_ROLE": os.environ.get("DATABASE_ROLE", APPLICATION_ROLE)}
        # Their output goes to files that tell when they are up; in a block buffer it would say so much later, or never.
        self.env["PYTHONUNBUFFERED"] = "1"
