"""`manage.py write_docs`: write the generated documents, or with --check say which are stale."""

import argparse
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from diboas import documents


class Command(BaseCommand):
    help = "Write docs/openapi.yaml and docs/states.md from the code."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, fail when a document is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            documents.write()
        elif found := documents.stale():
            raise CommandError(f"stale: {', '.join(path.name for path in found)}; run manage.py write_docs")
