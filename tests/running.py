"""Starts the platform over a fresh copy of the migrated test database, and takes both away again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests import databases
from tests.platform import Platform


@contextmanager
def running(*, template: str, folder: Path, extra: Mapping[str, str] | None = None) -> Iterator[Platform]:
    """Yield a running platform; ``extra`` is environment for its processes."""
    name = f"{template}_{secrets.token_hex(4)}"
    databases.close_all()
    databases.create(name=name, template=template)
    made = Platform(var=folder / "var", database_url=databases.url(name=name), extra=extra or {})
    try:
        made.start()
        yield made
    finally:
        made.stop()
        databases.drop(name=name)
