"""A database function has one text in the tree: migrations that change it load the same file again."""

import re
from collections import defaultdict
from pathlib import Path

from tests.architecture import source

CREATES = re.compile(r"^\s*CREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\s+([\w.]+)", re.IGNORECASE | re.MULTILINE)


def test_each_function_is_written_in_one_place() -> None:
    places: defaultdict[str, set[str]] = defaultdict(set)  # one file may have two versions for two servers
    for path in source.tracked_files():
        if path.suffix == ".sql":
            for name in CREATES.findall((source.ROOT / path).read_text()):
                places[name.lower()].add(str(path))

    assert len(places) > 40
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_each_file_of_sql_is_used() -> None:
    code = "\n".join((source.ROOT / path).read_text() for path in _python())
    unused = [
        str(path)
        for path in source.tracked_files()
        if path.suffix == ".sql" and path.name not in code and f'"{_group(path)}"' not in code
    ]

    assert unused == []


def _group(path: Path) -> str:
    """Return the name under which a migration loads a file and the one that takes it back."""
    return re.sub(r"_(undo|reverse|drop)$", "", path.stem)


def _python() -> list[Path]:
    return [path for path in source.tracked_files() if path.suffix == ".py"]
