"""Run the relay until SIGTERM or SIGINT."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from core.outbox.relay import Relay


class Command(BaseCommand):
    help = "Poke live connections when streams have news, wake workers when work is due, link the audit chain."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()

        def end(_signal: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        self.stdout.write("relay: running")
        Relay(stop=stop).run()
        self.stdout.write("relay: stopped")
