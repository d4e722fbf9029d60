"""`manage.py prepare`: bring a database to what this code needs. Run it as the owner of the tables, before the rest."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import ProgrammingError, connection

from core.chains import keystore, wallets
from core.health import tasks
from diboas import demo_people, grants
from diboas.runner import keys

# Two installations that start at once over one database take turns.
LOCK = 0x64_69_42_6F
CHAIN = "ethereum"


class Command(BaseCommand):
    requires_system_checks = ()  # `make check` and the tests run them; here they would cost every start a second
    help = "Migrate, grant the application's role, load reference data and, when asked, the demo people."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--demo", type=Path, help="file that keeps the demo sign-ins (development only)")

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        call_command("migrate", interactive=False, verbosity=1)
        try:
            grant = grants.apply()
        except ProgrammingError as problem:
            raise CommandError(
                f"cannot grant role {grants.ROLE}: {problem}. Create it and grant it to this user."
            ) from problem
        self.stdout.write(f"role {grant.role} may only insert into: {', '.join(grant.append_only)}")
        keystore.ensure()
        if options["demo"]:
            load_demo(path=options["demo"])
            self.stdout.write(f"demo people in {options['demo']}")
        # The control tower shows the state of the books from its first minute on, not from beat's first round.
        tasks.check_books()


def load_demo(*, path: Path) -> None:
    """Create the demo people and write where everything is.

    Raises: CommandError in production, where nobody's password belongs in a file.
    """
    if settings.DIBOAS_ENV == "prod":
        raise CommandError("demo people are for development")
    places = {"base_url": settings.BASE_URL, "live_url": settings.LIVE_URL, "sandbox_url": settings.SANDBOX_URL}
    house = {owner: wallets.address_of(owner=owner, chain=CHAIN) for owner in (wallets.TREASURY, wallets.GAS)}
    facts = places | {"wallets": house} | demo_people.load(known=demo_people.read(path=path))
    keys.write_private(path=path, text=json.dumps(facts, indent=1) + "\n")
