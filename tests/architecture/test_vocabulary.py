"""Words that hide what is inside, and constructs that the design rules out."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture import source

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "lib", "manager"}
# Where amounts are computed or kept; a float there is a rounding error waiting.
MONEY = (
    *("core/kernel/money.py", "core/ledger", "core/fees", "core/quotes", "banking/postings", "banking/kinds"),
    *("investing/postings", "investing/kinds", "investing/analysis", "investing/models", "investing/services"),
    *("defi/postings", "defi/kinds", "defi/analysis", "defi/models", "defi/services", "defi/providers"),
)


def test_no_module_is_called_after_nothing() -> None:
    found = [
        str(path)
        for path in source.python_files(tests=True)
        if {part.removesuffix(".py") for part in path.parts} & FORBIDDEN_NAMES or path.name.startswith("base_")
    ]

    assert found == []


def test_init_files_hold_only_a_docstring() -> None:
    found = [
        str(path)
        for path in source.python_files()
        if path.name == "__init__.py" and path.parent.name != "models" and not _is_only_docstring(path)
    ]

    assert found == []


def _is_only_docstring(path: Path) -> bool:
    body = source.tree(path).body
    return not body or (len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant))


def test_money_knows_no_float() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in source.python_files()
        if str(path).startswith(MONEY)
        for node in ast.walk(source.tree(path))
        if _is_float(node) and not _is_a_time(node, path)
    ]

    assert found == []


def _is_float(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id == "float") or (
        isinstance(node, ast.Constant) and isinstance(node.value, float)
    )


def _is_a_time(node: ast.AST, path: Path) -> bool:
    """Seconds may be a float; the line's names have to say that it is about them."""
    line = (source.ROOT / path).read_text().splitlines()[getattr(node, "lineno", 1) - 1]
    return bool(re.search(r"_s\b|_ms\b|second|interval|time", line))


@pytest.mark.parametrize(
    ("what", "word"),
    [
        ("signals hide who calls whom", "django.db.models.signals"),
        ("signals hide who calls whom", "django.dispatch"),
        ("an AGPL release shares this import", "django_fsm_log"),
    ],
)
def test_modules_that_nobody_imports(what: str, word: str) -> None:
    found = [
        str(path)
        for path in source.python_files()
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(word)
    ]

    assert found == [], what


def test_models_neither_override_save_nor_order_themselves() -> None:
    found = [
        f"{path}:{node.lineno} {name}"
        for path in source.python_files()
        if "models" in str(path)
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.ClassDef)
        for name in _definitions(node)
        if name == "save" or (node.name == "Meta" and name == "ordering")
    ]

    assert found == []


def _definitions(node: ast.ClassDef) -> list[str]:
    functions = [each.name for each in node.body if isinstance(each, ast.FunctionDef)]
    values = [
        target.id
        for each in node.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    ]
    return functions + values


def test_get_model_is_for_migrations() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in source.python_files()
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Attribute) and node.attr == "get_model"
    ]

    assert found == []


def test_shared_code_never_tests_a_providers_name() -> None:
    names = {"stripe", "increase"}
    found = [
        f"{path}:{node.lineno}"
        for path in source.python_files()
        if path.parts[0] == "core"
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Compare)
        for side in [node.left, *node.comparators]
        if isinstance(side, ast.Constant) and side.value in names
    ]

    assert found == []
