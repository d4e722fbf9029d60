"""The supervisor on real processes: restarts what dies, leaves nothing behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

import psutil
import pytest

from diboas.runner import children, supervisor

SLEEPER = "import time; time.sleep(600)"
# A parent with a child in its process group, as a server with workers has.
FAMILY = (
    "import subprocess, sys, time;"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "open(sys.argv[1], 'w').write(str(p.pid)); time.sleep(600)"
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def boss(tmp_path: Path, said: list[str]) -> Generator[supervisor.Supervisor, None, None]:
    one = supervisor.Supervisor(
        env=dict(os.environ), programs=[], status_file=tmp_path / "processes.json", say=said.append
    )
    yield one
    one.stop()


def program(
    *, tmp_path: Path, code: str = SLEEPER, name: str = "one", args: tuple[str, ...] = ()
) -> supervisor.Program:
    return supervisor.Program(name=name, command=(sys.executable, "-c", code, *args), log=tmp_path / f"{name}.log")


def until(condition: Callable[[], bool], *, boss: supervisor.Supervisor | None = None, timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "never happened"
        if boss is not None:
            boss.watch()
        time.sleep(0.02)


def pid_of(one: supervisor.Program) -> int:
    assert one.child is not None
    return one.child.pid


def test_a_killed_program_is_started_again(boss: supervisor.Supervisor, tmp_path: Path, said: list[str]) -> None:
    one = program(tmp_path=tmp_path)
    boss.programs.append(one)
    boss.start()
    first = pid_of(one)

    os.kill(first, signal.SIGKILL)
    until(lambda: one.restarts == 1, boss=boss)

    assert pid_of(one) != first
    assert psutil.pid_exists(pid_of(one))
    assert said[0].startswith("one ended (signal 9); starting again in 0.2 s")
    status = json.loads(boss.status_file.read_text())["processes"]["one"]
    assert status == {"pid": pid_of(one), "state": "running", "restarts": 1}


def test_a_program_that_keeps_dying_is_started_ever_more_slowly(
    boss: supervisor.Supervisor, tmp_path: Path, said: list[str]
) -> None:
    one = program(tmp_path=tmp_path, code="raise SystemExit(3)")
    boss.programs.append(one)
    boss.start()

    until(lambda: one.failures == 3, boss=boss)

    delays = [line.split("again in ")[1].split(" s")[0] for line in said if "ended (exit code 3)" in line]
    assert delays == ["0.2", "0.4", "0.8"]


def test_the_workers_of_a_killed_parent_go_before_it_is_started_again(
    boss: supervisor.Supervisor, tmp_path: Path
) -> None:
    note = tmp_path / "worker.pid"
    one = program(tmp_path=tmp_path, code=FAMILY, args=(str(note),))
    boss.programs.append(one)
    boss.start()
    until(lambda: note.is_file() and note.read_text() != "")
    orphan = int(note.read_text())

    os.kill(pid_of(one), signal.SIGKILL)
    until(lambda: one.restarts == 1, boss=boss)

    until(lambda: not is_alive(orphan))


def test_stop_ends_everything_and_its_status_file(boss: supervisor.Supervisor, tmp_path: Path) -> None:
    note = tmp_path / "worker.pid"
    boss.programs += [
        program(tmp_path=tmp_path, code=FAMILY, args=(str(note),)),
        # One that will not listen is killed all the same.
        program(tmp_path=tmp_path, name="two", code=f"import signal; signal.signal(15, signal.SIG_IGN); {SLEEPER}"),
    ]
    boss.start()
    until(lambda: note.is_file() and note.read_text() != "")
    boss.patience_s = 0.5
    pids = [pid_of(each) for each in boss.programs] + [int(note.read_text())]
    time.sleep(0.2)

    boss.stop()

    until(lambda: not any(is_alive(pid) for pid in pids))  # an orphan is dead once init has noticed
    assert not boss.status_file.exists()


def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "child.pid"
    code = (
        "import sys, time, pathlib; from diboas.runner import children;"
        f"c = children.start(command=[sys.executable, '-c', {SLEEPER!r}], log=pathlib.Path(sys.argv[2]));"
        "open(sys.argv[1], 'w').write(str(c.pid)); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(note), str(tmp_path / "log")])
    try:
        until(lambda: note.is_file() and note.read_text() != "")
        child = int(note.read_text())
        assert is_alive(child)
    finally:
        parent.kill()
        parent.wait()

    until(lambda: not is_alive(child))


def test_a_server_that_dies_is_started_again_as_it_was(boss: supervisor.Supervisor, tmp_path: Path) -> None:
    server = SleepingServer(log=tmp_path / "server.log")
    server.start()
    boss.servers["database"] = server
    first = server.child
    assert first is not None

    first.kill()
    until(lambda: server.starts == 2, boss=boss)

    assert server.child is not first


class SleepingServer:
    """A server that only remembers how often it was started."""

    def __init__(self, *, log: Path) -> None:
        self.log = log
        self.starts = 0
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.child = children.start(command=[sys.executable, "-c", SLEEPER], log=self.log)
        self.starts += 1

    def stop(self) -> None:
        if self.child is not None:
            children.stop(child=self.child)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
