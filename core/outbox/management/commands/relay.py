"""Run the relay until SIGTERM or SIGINT."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from core.outbox.relay import Relay
from core.resilience import stopping


class Command(BaseCommand):
    help = "Poke live connections when streams have news, wake workers when work is due, link the audit chain."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = stopping.event()
        self.stdout.write("relay: running")
        Relay(stop=stop).run()
        self.stdout.write("relay: stopped")
