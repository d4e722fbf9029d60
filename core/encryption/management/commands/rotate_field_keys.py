"""Close all encrypted fields again with the first key of FIELD_KEYS. Safe to stop and to run again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.encryption import rotation


class Command(BaseCommand):
    help = "Encrypt every encrypted field again with the first key of FIELD_KEYS, in small sets."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows per transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        for place, count in rotation.run(batch=options["batch"]).items():
            self.stdout.write(f"{place}: {count} closed again")
