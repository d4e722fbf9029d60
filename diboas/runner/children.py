"""Child processes that cannot outlive us: own process group, parent-death signal, whole group ended at once."""

import contextlib
import ctypes
import functools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
NOBODY = 65534


def start(
    *, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, last_signal: int = signal.SIGTERM
) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own, its output in a file (an open pipe would hang its callers).

    Needs: the main thread, since the kernel sends the parent-death signal when the *thread* that forked ends.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            process_group=0,
            preexec_fn=_die_with_parent(last_signal, os.getpid()),  # noqa: PLW1509 - only the main thread starts children
        )


def stop(*, child: subprocess.Popen[bytes], first_signal: int = signal.SIGTERM, patience_s: float = 10) -> None:
    """Ask the child to end, then kill what is left of its whole group (orphaned workers would keep the port)."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(first_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=patience_s)
    kill_group(child=child)


def kill_group(*, child: subprocess.Popen[bytes]) -> None:
    """Kill everything in the child's process group and reap the child."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def wait_until(*, ready: Callable[[], bool], child: subprocess.Popen[bytes], timeout_s: float, log: Path) -> None:
    """Poll until `ready` says yes.

    Raises: RuntimeError with the end of the log when the child ends first or time runs out.
    """
    deadline = time.monotonic() + timeout_s
    while not ready():
        if child.poll() is not None:
            raise RuntimeError(f"{log.stem} ended with {child.returncode}:\n{tail(log=log)}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"not ready after {timeout_s:.0f} s:\n{tail(log=log)}")
        time.sleep(0.02)


def tail(*, log: Path, lines: int = 15) -> str:
    """Return the last lines of a log, or nothing where there is none."""
    if not log.is_file():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


@functools.cache
def unprivileged() -> tuple[str, ...]:
    """Return the words to put before a command that refuses to run as root (none when we are not root).

    Raises: RuntimeError when root has neither user namespaces nor setpriv.
    """
    if os.geteuid() != 0:
        return ()
    for words in (
        ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"),
        ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"),
    ):
        if (
            shutil.which(words[0])
            and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
        ):
            return words
    raise RuntimeError("PostgreSQL does not run as root, and neither unshare nor setpriv works here: use another user")


def give_away(*, path: Path) -> None:
    """Make a folder belong to whoever `unprivileged` turns us into (a user namespace needs no change)."""
    if unprivileged()[:1] == ("setpriv",):
        for each in [path, *path.rglob("*")]:
            os.chown(each, NOBODY, NOBODY)


def _die_with_parent(last_signal: int, parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        if hasattr(libc, "prctl"):
            libc.prctl(PR_SET_PDEATHSIG, last_signal, 0, 0, 0)
            if os.getppid() != parent:  # the parent died between fork and here: nobody is left to send the signal
                os.kill(os.getpid(), signal.SIGKILL)

    return prepare
