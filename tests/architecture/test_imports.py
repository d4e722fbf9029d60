"""The layers, proven: the import-linter contracts hold, and no package escapes them."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture import source

CONFIG = tomllib.loads((source.ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


def test_import_contracts_hold() -> None:
    lint = Path(sys.executable).parent / "lint-imports"

    done = subprocess.run([lint, "--no-cache"], cwd=source.ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_top_level_package_is_under_the_contracts() -> None:
    packages = {path.parent.name for path in source.ROOT.glob("*/__init__.py")} - {"tests"}

    assert packages == set(CONFIG["root_packages"])


def test_the_order_inside_core_is_exhaustive_and_complete() -> None:
    contract = next(each for each in CONFIG["contracts"] if each.get("containers") == ["core"])
    placed = {name.strip() for line in contract["layers"] for name in line.split("|")}

    assert contract["exhaustive"] is True
    assert placed == {path.parent.name for path in (source.ROOT / "core").glob("*/__init__.py")}


def test_imports_stand_at_the_top() -> None:
    late = [
        f"{path}:{node.lineno}"
        for path in source.python_files()
        if path.name != "apps.py"
        for function in ast.walk(source.tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and not _says_why(path, node.lineno)
    ]

    assert late == []


def _says_why(path: Path, line: int) -> bool:
    """An import inside a function is allowed where its line gives a reason to the linter and the reader."""
    text = (source.ROOT / path).read_text().splitlines()[line - 1]
    return "noqa: PLC0415 - " in text


def test_no_cycle_hides_behind_type_checking() -> None:
    hidden = [
        str(path)
        for path in source.python_files()
        if any(isinstance(node, ast.Name) and node.id == "TYPE_CHECKING" for node in ast.walk(source.tree(path)))
    ]

    assert hidden == []
