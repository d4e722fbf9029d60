"""Verify the audit chain. Any auditor can run it; exit code 1 when something was touched."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.audit import signing, verify


def _head(text: str) -> tuple[int, str]:
    number, _, head = text.partition(":")
    if not number.isdecimal() or not head:
        raise argparse.ArgumentTypeError("a head is written NUMBER:HASH")
    return int(number), head


class Command(BaseCommand):
    help = "Verify the audit record: hashes, order, seals and completeness. Prints each fault with its place."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--public-key", default="", help="the auditor's copy of the public key, in base64")
        parser.add_argument("--expect", type=_head, default=None, help="NUMBER:HASH that an earlier run printed")

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify.run(public_key=options["public_key"], expect=options["expect"])
        for finding in report.findings:
            self.stdout.write(f"#{finding.sequence} {finding.record} {finding.problem}")
        self.stdout.write(f"{report.links} links and {report.seals} seals read, head {report.links}:{report.head}")
        self.stdout.write(f"public key {options['public_key'] or signing.public_key()}")
        if report.findings:
            raise CommandError(f"{len(report.findings)} faults found in the audit chain.", returncode=1)
