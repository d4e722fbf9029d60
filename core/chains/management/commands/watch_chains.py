"""Watch the chains until SIGTERM or SIGINT."""

from __future__ import annotations

import threading
import time
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from core.chains import config, watch
from core.resilience import stopping

_LONGEST_REST_S = 15.0
_log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Follow the blocks of every chain that is set up."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = stopping.event()
        chains = config.configured()
        self.stdout.write(f"watcher: running over {', '.join(chains) or 'no chain: none is set up'}")
        threads = [threading.Thread(target=follow, args=(chain, stop), name=chain) for chain in chains]
        for thread in threads:
            thread.start()
        while not stop.wait(1.0):
            pass
        for thread in threads:
            thread.join()
        self.stdout.write("watcher: stopped")


def follow(chain: str, stop: threading.Event) -> None:
    """Look at one chain again and again, resting longer each time that its node or the database is away."""
    rest_s = poll_s = config.get(chain).poll_s
    while not stop.is_set():
        started = time.monotonic()
        try:
            seen = watch.look(chain=chain, go_on=lambda: not stop.is_set())
            rest_s = poll_s if seen is not None else min(rest_s * 2, _LONGEST_REST_S)
        except DatabaseError as fault:
            _log.warning("chains.database_away", chain=chain, error=str(fault))
            connection.close()
            seen, rest_s = None, min(rest_s * 2, _LONGEST_REST_S)
        if seen is None or not seen.followed.behind:
            stop.wait(max(rest_s - (time.monotonic() - started), 0.0))
    connection.close()
