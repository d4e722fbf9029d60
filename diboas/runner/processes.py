"""The processes of the platform: what each is called with and how one sees that it is up."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from diboas.runner import ports
from diboas.schedule import QUEUES

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One role; `is_up` looks from outside, because a process that runs may still be loading.

    It is given what the process has logged since it was started.
    """

    name: str
    command: tuple[str, ...]
    is_up: Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the three servers of an installation listen: PORT and the two after it."""

    port: int

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def live_url(self) -> str:
        return f"ws://{HOST}:{self.port + 1}"

    @property
    def sandbox_url(self) -> str:
        return f"http://{HOST}:{self.port + 2}"


def all_of(*, addresses: Addresses, var: Path, watches: bool = False) -> list[Process]:
    """List the platform's processes; the sandbox first, since the others call it. `watches`: there is a chain.

    None of them repeats Django's system checks: those are `make check`'s, and cost a second of start-up in each.
    """
    return [
        _sandbox(addresses, var),
        _web(addresses),
        _live(addresses),
        _worker(),
        _beat(var),
        _relay(),
        *([_watcher()] if watches else []),
    ]


def _sandbox(addresses: Addresses, var: Path) -> Process:
    port = addresses.port + 2
    return Process(
        name="sandbox",
        command=(
            *(sys.executable, "-m", "sandbox", "--host", HOST, "--port", str(port), "--data", str(var / "sandbox")),
            *("--stripe-webhook-url", f"{addresses.base_url}/webhooks/stripe"),
            *("--increase-webhook-url", f"{addresses.base_url}/webhooks/increase"),
        ),
        is_up=lambda _log: ports.serves(port=port, path="/_control/health"),
    )


def _web(addresses: Addresses) -> Process:
    return Process(
        name="web",
        command=(
            *(_script("granian"), "--interface", "wsgi", "--host", HOST, "--port", str(addresses.port)),
            *("--workers", "2", "--blocking-threads", "4", "--backpressure", "64", "--no-ws"),
            *("--respawn-failed-workers", "--log-level", "warning", "--workers-kill-timeout", "5"),
            "diboas.wsgi:application",
        ),
        is_up=lambda _log: ports.serves(port=addresses.port, path="/livez"),
    )


def _live(addresses: Addresses) -> Process:
    port = addresses.port + 1
    return Process(
        name="live",
        command=(
            *(_script("uvicorn"), "diboas.asgi:application", "--host", HOST, "--port", str(port)),
            *("--ws", "websockets-sansio", "--ws-max-size", "65536", "--ws-per-message-deflate", "false"),
            *("--lifespan", "off", "--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "3"),
        ),
        is_up=lambda _log: ports.answers(port=port),
    )


def _worker() -> Process:
    return Process(
        name="worker",
        command=(
            *(
                _script("celery"),
                "--skip-checks",
                "-A",
                "diboas.celery",
                "worker",
                "--pool",
                "prefork",
                "--concurrency",
                "3",
            ),
            *("--queues", ",".join(QUEUES), "--loglevel", "INFO", "--hostname", "w@%h"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ),
        is_up=lambda log: " ready." in log,
    )


def _beat(var: Path) -> Process:
    return Process(
        name="beat",
        command=(
            *(_script("celery"), "--skip-checks", "-A", "diboas.celery", "beat", "--loglevel", "INFO"),
            *("--schedule", str(var / "beat.db"), "--pidfile", ""),
        ),
        is_up=lambda log: "is starting" in log,
    )


def _relay() -> Process:
    return Process(
        name="relay",
        command=(sys.executable, "manage.py", "relay", "--skip-checks"),
        is_up=lambda log: "relay" in log,
    )


def _watcher() -> Process:
    return Process(
        name="watcher",
        command=(sys.executable, "manage.py", "watch_chains", "--skip-checks"),
        is_up=lambda log: "watcher: running" in log,
    )


def _script(name: str) -> str:
    return str(Path(sys.executable).parent / name)
