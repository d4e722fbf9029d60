"""Remembers what a database was prepared with, so that a second start need not look at every migration again.

The note names the code (a hash over everything that `manage.py prepare` acts on) and the database it saw: another
database, or one that has changed since, is prepared again. Preparing twice is harmless; the note only saves seconds.
"""

import hashlib
from pathlib import Path

import psycopg

ACTS_ON = ("*/migrations/*.py", "*/*/migrations/*.py", "*/sql/*.sql", "*/*/sql/*.sql", "requirements/run.txt")
ITSELF = ("diboas/demo_people.py", "diboas/demo_money.py", "diboas/grants.py", "diboas/management/commands/prepare.py")
UNREADABLE = "unreadable"
_DATABASE = """
SELECT d.oid, s.system_identifier, (SELECT count(*) FROM django_migrations), (SELECT max(id) FROM django_migrations),
       EXISTS (SELECT FROM pg_roles WHERE rolname = 'diboas_app')
  FROM pg_database d, pg_control_system() s
 WHERE d.datname = current_database()
"""


def is_done(*, note: Path, root: Path, database_url: str, demo: Path) -> bool:
    """Say whether this database was already prepared with this code, and its demo sign-ins are at hand."""
    return demo.is_file() and note.is_file() and note.read_text() == mark(root=root, database_url=database_url)


def remember(*, note: Path, root: Path, database_url: str) -> None:
    """Note that it is done, unless the database does not let itself be named (an account with few rights)."""
    text = mark(root=root, database_url=database_url)
    if text != UNREADABLE:
        note.write_text(text)


def mark(*, root: Path, database_url: str) -> str:
    """Name the code and the database; one that cannot be read gives what was never written down."""
    code = hashlib.sha256()
    for path in sorted({*(each for glob in ACTS_ON for each in root.glob(glob)), *(root / name for name in ITSELF)}):
        code.update(path.name.encode() + path.read_bytes())
    try:
        with psycopg.connect(database_url, connect_timeout=5) as connection:
            row = connection.execute(_DATABASE).fetchone()
    except psycopg.Error:
        return UNREADABLE
    return f"{code.hexdigest()} {row}\n"
