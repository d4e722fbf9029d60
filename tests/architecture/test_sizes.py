"""Sizes at which a reader still sees the whole. The exceptions may only become fewer."""

import ast
from collections import Counter
from pathlib import Path

from tests.architecture import source

FILE_LINES = 400
FOLDER_LINES = 1500
FUNCTION_LINES = 50
EXCEPTIONS: frozenset[str] = frozenset()


def test_files_are_small() -> None:
    assert {str(path) for path in source.python_files(tests=True) if lines(path) > FILE_LINES} <= EXCEPTIONS


def test_folders_are_small() -> None:
    totals: Counter[Path] = Counter()
    for path in source.python_files():
        totals[path.parent] += lines(path)

    assert {str(folder): total for folder, total in totals.items() if total > FOLDER_LINES} == {}


def test_functions_are_small() -> None:
    long = [
        f"{path}:{node.name}"
        for path in source.python_files(tests=True)
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    ]

    assert long == []


def test_exceptions_are_still_needed() -> None:
    assert {name for name in EXCEPTIONS if lines(Path(name)) <= FILE_LINES} == set()


def lines(path: Path) -> int:
    return len((source.ROOT / path).read_text().splitlines())
