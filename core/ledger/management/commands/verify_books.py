"""Proves the books of the whole platform: every registered check, every break with the row that breaks it."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from core.audit import books


class Command(BaseCommand):
    help = "Check every promise of the books; print each break and exit 1 if there is one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        found = books.run()
        seconds = time.monotonic() - started
        if options["json"]:
            self.stdout.write(json.dumps({"breaks": [asdict(one) for one in found], "seconds": round(seconds, 3)}))
        else:
            for one in found:
                self.stdout.write(f"{one.check}: {one.subject}: {one.detail}")
            self.stdout.write(
                f"{len(found)} breaks, {seconds:.2f} s" if found else f"The books agree ({seconds:.2f} s)."
            )
        if found:
            sys.exit(1)
