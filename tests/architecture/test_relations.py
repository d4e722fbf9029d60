"""Relations point downwards, are strings, protect what they point at and leave nothing on it.

An import contract cannot see a string foreign key, so the models are walked.
"""

import ast
import tomllib
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from tests.architecture import source

OURS = ("core.", "banking", "investing", "defi", "diboas")
RELATIONS = ("ForeignKey", "OneToOneField", "ManyToManyField")


def ranks() -> dict[str, int]:
    """Return how high each app stands: a relation may only point to the same app or to a lower one."""
    contracts = tomllib.loads((source.ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each.get("containers") == ["core"])
    core = {f"core.{name.strip()}": height for height, line in enumerate(reversed(layers)) for name in line.split("|")}
    return core | {"banking": 100, "investing": 100, "defi": 100, "diboas": 200}


def relations() -> Iterator[tuple[type[models.Model], Any]]:
    for model in apps.get_models(include_auto_created=False):
        if not model.__module__.startswith(OURS):
            continue
        for field in model._meta.local_fields:
            if field.is_relation:
                yield model, field


def name_of(model: type[models.Model], field: Any) -> str:
    return f"{model._meta.label}.{field.name}"


def app_of(model: type[models.Model]) -> str:
    return apps.get_app_config(model._meta.app_label).name


def test_relations_point_downwards() -> None:
    height = ranks()
    up = [
        name_of(model, field)
        for model, field in relations()
        if field.related_model.__module__.startswith(OURS)
        and app_of(model) != app_of(field.related_model)
        and height[app_of(field.related_model)] >= height[app_of(model)]
    ]

    assert up == []


def test_relations_protect() -> None:
    loose = [
        name_of(model, field)
        for model, field in relations()
        if field.remote_field.on_delete is not models.PROTECT and not field.remote_field.parent_link
    ]

    assert loose == []


def test_relations_leave_nothing_on_the_other_side() -> None:
    visible = [
        name_of(model, field)
        for model, field in relations()
        if not field.remote_field.hidden and not field.remote_field.parent_link
    ]

    assert visible == []


def test_relations_are_strings() -> None:
    direct = [
        f"{path}:{node.lineno}"
        for path in source.python_files()
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Call) and _name(node.func) in RELATIONS and _target_is_an_object(node)
    ]

    assert direct == []


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _target_is_an_object(node: ast.Call) -> bool:
    target = node.args[0] if node.args else next((each.value for each in node.keywords if each.arg == "to"), None)
    is_setting = isinstance(target, ast.Attribute) and target.attr == "AUTH_USER_MODEL"
    return target is not None and not is_setting and not isinstance(target, ast.Constant)
