"""The application's database role: it may work on every table and change nothing in the append-only ones.

Which tables are append-only is not listed anywhere: it is what the triggers say that the migrations put on them.
"""

from dataclasses import dataclass

from django.db import connection, transaction
from psycopg import sql

ROLE = "diboas_app"

# An append-only table has a trigger that refuses every UPDATE and DELETE: for the whole statement, or for every row
# without a condition, by a function that knows no way to return the row.
_APPEND_ONLY = """
SELECT DISTINCT c.relname
  FROM pg_trigger t
  JOIN pg_class c ON c.oid = t.tgrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
  JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE NOT t.tgisinternal
   AND t.tgqual IS NULL
   AND cardinality(t.tgattr::int2[]) = 0
   AND t.tgtype & 2 = 2      -- before
   AND t.tgtype & 8 = 8      -- delete
   AND t.tgtype & 16 = 16    -- update
   AND p.prosrc ILIKE '%%raise exception%%'
   AND p.prosrc NOT ILIKE '%%return new%%'
   AND p.prosrc NOT ILIKE '%%return old%%'
 ORDER BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What was done: the role, and the tables in which it may only insert."""

    role: str
    append_only: tuple[str, ...]


def append_only_tables() -> tuple[str, ...]:
    """List the tables whose triggers refuse every change, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_APPEND_ONLY.replace("%%", "%"))
        return tuple(row[0] for row in cursor.fetchall())


@transaction.atomic
def apply() -> Grant:
    """Create the role if it is missing and give it exactly what it needs on what exists now.

    Needs: a connection as the owner of the tables, who may create roles or finds it created.
    Raises: django.db.ProgrammingError when the owner may not.
    """
    role, refused = sql.Identifier(ROLE), append_only_tables()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE").format(role))
        for statement in _statements(role, refused):
            cursor.execute(statement)
    return Grant(role=ROLE, append_only=refused)


def _statements(role: sql.Identifier, refused: tuple[str, ...]) -> list[sql.Composed]:
    whole_schema = [
        "GRANT {} TO CURRENT_USER",
        "GRANT USAGE ON SCHEMA public TO {}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {}",
        "REVOKE INSERT, UPDATE, DELETE ON TABLE django_migrations FROM {}",
    ]
    one_table = "REVOKE UPDATE, DELETE, TRUNCATE ON TABLE {} FROM {}"
    return [sql.SQL(text).format(role) for text in whole_schema] + [
        sql.SQL(one_table).format(sql.Identifier(table), role) for table in refused
    ]
