"""``make chaos``: the whole platform in a temporary folder with a database, Redis and chain of its own.

Exits with 1 if anything is lost, doubled or hidden, says what, and keeps the logs.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos import campaign
from tests.platform import Platform

LONGEST_MINUTES = 10.0


def main() -> int:
    order = _order()
    os.environ.pop("DATABASE_URL", None)
    folder = Path(tempfile.mkdtemp(prefix="diboas-chaos-"))
    platform = Platform(var=folder / "var", database_url="")
    problems = ["it did not start"]
    try:
        platform.start()
        problems = campaign.run(platform, order).problems
    finally:
        platform.stop()
        if problems:
            campaign.say_it(f"The logs are kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    for problem in problems:
        campaign.say_it(f"OFF: {problem}")
    campaign.say_it(
        "Nothing lost, nothing doubled, nothing hidden." if not problems else f"seed {order.seed}: see above"
    )
    return 1 if problems else 0


def _order() -> campaign.Order:
    parser = argparse.ArgumentParser(prog="make chaos ARGS=...", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--minutes", type=float, default=LONGEST_MINUTES, help="how long is asked and struck at most")
    parser.add_argument("--transactions", type=int, default=500, help="how many are asked for at most")
    parser.add_argument("--lanes", type=int, default=6, help="how many ask side by side")
    parser.add_argument("--only", default="", help="of the strikes, those with this in their names")
    parser.add_argument("--calm", action="store_true", help="let nothing strike")
    told = parser.parse_args()
    return campaign.Order(
        seed=told.seed,
        transactions=told.transactions,
        seconds=told.minutes * 60,
        lanes=told.lanes,
        calm=told.calm,
        only=told.only,
    )


if __name__ == "__main__":
    sys.exit(main())
