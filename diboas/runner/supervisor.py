"""Starts children, restarts what dies, stops everything. One thread, no pipes: it polls ten times a second."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from diboas.runner import children

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 10.0
STABLE_AFTER_S = 30.0
TICK_S = 0.1


class Server(Protocol):
    """What has to be up before the platform's processes: an embedded server that can be started again as it was."""

    child: subprocess.Popen[bytes] | None

    def start(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(slots=True, kw_only=True)
class Program:
    """One supervised command with what the supervisor remembers about it."""

    name: str
    command: tuple[str, ...]
    log: Path
    child: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    log_start: int = 0  # how long the log was when the child was started
    restarts: int = 0
    failures: int = 0  # in a row; sets the back-off
    start_again_at: float = 0.0

    def logged(self) -> str:
        """Return what the child has logged since it was started."""
        if not self.log.is_file():
            return ""
        with self.log.open("rb") as lines:
            lines.seek(self.log_start)
            return lines.read().decode(errors="replace")

    @property
    def state(self) -> str:
        return "running" if self.child is not None else "waiting"


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """Keeps programs running until it is told to stop.

    `servers` (database, Redis) are started by the caller before the first program and stopped after the last one.
    """

    env: Mapping[str, str]
    programs: list[Program]
    status_file: Path
    say: Callable[[str], None]
    servers: dict[str, Server] = field(default_factory=dict)
    stopping: bool = False
    patience_s: float = 10.0

    def start(self) -> None:
        """Start every program that is not running yet."""
        for program in self.programs:
            if program.child is None:
                self._launch(program)
        self._show()

    def run(self) -> None:
        """Watch until `stop_soon` is called; stopping is then the caller's, who says so first."""
        while not self.stopping:
            self.watch()
            time.sleep(TICK_S)

    def stop_soon(self) -> None:
        """Ask the loop to end (safe inside a signal handler)."""
        self.stopping = True

    def watch(self) -> None:
        """Look once at every child: take note of the dead, start those whose back-off is over."""
        for name, server in self.servers.items():
            self._watch_server(name, server)
        changed = [self._watch_program(program) for program in self.programs]
        if any(changed):
            self._show()

    def stop(self) -> None:
        """Stop the programs side by side, last started first, then the servers."""
        self.stopping = True
        running = [program for program in reversed(self.programs) if program.child is not None]
        for program in running:
            _terminate(program)
        deadline = time.monotonic() + self.patience_s
        for program in running:
            self._await_end(program, deadline)
        for server in reversed(self.servers.values()):
            server.stop()
        self.status_file.unlink(missing_ok=True)

    def _await_end(self, program: Program, deadline: float) -> None:
        if program.child is None:
            return
        try:
            program.child.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        finally:
            children.kill_group(child=program.child)
            program.child = None

    def _launch(self, program: Program) -> subprocess.Popen[bytes]:
        program.log_start = program.log.stat().st_size if program.log.is_file() else 0
        env = {**self.env, "DIBOAS_ROLE": program.name}  # the database shows it beside each connection
        program.child = children.start(command=program.command, log=program.log, env=env)
        program.started_at = time.monotonic()
        return program.child

    def _watch_program(self, program: Program) -> bool:
        now = time.monotonic()
        if program.child is None:
            if now < program.start_again_at:
                return False
            child = self._launch(program)
            program.restarts += 1
            self.say(f"{program.name} started again (pid {child.pid})")
            return True
        code = program.child.poll()
        if code is None:
            return False
        # Its workers may live on and keep the port: the whole group goes before anything is started.
        children.kill_group(child=program.child)
        program.child = None
        program.failures = 0 if now - program.started_at > STABLE_AFTER_S else program.failures + 1
        delay = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** max(0, program.failures - 1))
        program.start_again_at = now + delay
        self.say(f"{program.name} ended ({_why(code)}); starting again in {delay:.1f} s, log: {program.log}")
        return True

    def _watch_server(self, name: str, server: Server) -> None:
        if server.child is None or server.child.poll() is None:
            return
        self.say(f"{name} ended ({_why(server.child.returncode)}); starting it again")
        children.kill_group(child=server.child)
        try:
            server.start()
        except RuntimeError as problem:
            self.say(f"{name} does not come up: {problem}")

    def _show(self) -> None:
        """Write who runs, for people and for tests that kill."""
        facts = {
            each.name: {"pid": each.child.pid if each.child else None, "state": each.state, "restarts": each.restarts}
            for each in self.programs
        }
        fresh = self.status_file.with_name(self.status_file.name + ".new")
        fresh.write_text(json.dumps({"supervisor": os.getpid(), "processes": facts}, indent=1) + "\n")
        fresh.replace(self.status_file)


def _terminate(program: Program) -> None:
    if program.child is not None and program.child.poll() is None:
        program.child.terminate()


def _why(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
