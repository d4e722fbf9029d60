"""Close everything again with the current key, in small sets, while the platform runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from core.encryption import cipher, fields, keys

_elsewhere: dict[str, Callable[[], int]] = {}


def register(name: str, rotate: Callable[[], int]) -> None:
    """Add ciphertext that lies outside encrypted fields: ``rotate`` closes it again and returns how many it was."""
    _elsewhere[name] = rotate


def run(*, batch: int = 500, of: Iterable[type[models.Model]] | None = None) -> dict[str, int]:
    """Rotate all that the current key did not close, in every table or those given; return how many, by place."""
    counts = {field.context: _rotate(field, batch) for field in encrypted_fields(of=of)}
    return {**counts, **{name: rotate() for name, rotate in sorted(_elsewhere.items())}}


def encrypted_fields(
    *, of: Iterable[type[models.Model]] | None = None
) -> Iterator[fields.EncryptedTextField | fields.EncryptedBinaryField]:
    """Yield every encrypted field of every table, each once."""
    seen: set[str] = set()
    for model in apps.get_models(include_auto_created=True) if of is None else of:
        for field in model._meta.local_concrete_fields:
            kinds = (fields.EncryptedTextField, fields.EncryptedBinaryField)
            if model._meta.managed and isinstance(field, kinds) and field.context not in seen:
                seen.add(field.context)
                yield field


def _rotate(field: fields.EncryptedTextField | fields.EncryptedBinaryField, batch: int) -> int:
    total = 0
    while True:
        with transaction.atomic():
            rotated = _rotate_batch(field, batch)
        total += rotated
        if rotated < batch:
            return total


def _rotate_batch(field: fields.EncryptedTextField | fields.EncryptedBinaryField, batch: int) -> int:
    table, column = _quoted(field.model._meta.db_table), _quoted(field.column)
    mark = cipher.prefix(key_id=keys.current().id)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ctid::text, {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608 - quoted names
            f" AND NOT starts_with({column}, %s) LIMIT %s FOR UPDATE SKIP LOCKED",
            [mark, batch],
        )
        found = cursor.fetchall()
        if found:
            _write(cursor, field, found)
    return len(found)


def _write(cursor: Any, field: fields.EncryptedTextField | fields.EncryptedBinaryField, found: list[Any]) -> None:
    """Write the new ciphertexts, and the blind index where the field keeps one, in one statement."""
    opened = [cipher.decrypt_bytes(sealed, context=field.context) for _, sealed in found]
    sets = [f"{_quoted(field.column)} = d.sealed"]
    indexes = ["" for _ in opened]
    if isinstance(field, fields.EncryptedTextField) and field.index_field:
        sets.append(f"{_quoted(_index_column(field))} = d.index")
        indexes = [fields.blind_index(data.decode()) for data in opened]
    cursor.execute(
        f"UPDATE {_quoted(field.model._meta.db_table)} t SET {', '.join(sets)}"  # noqa: S608 - quoted names
        " FROM unnest(%s::tid[], %s::text[], %s::text[]) AS d (place, sealed, index) WHERE t.ctid = d.place",
        [
            [place for place, _ in found],
            [cipher.encrypt_bytes(data, context=field.context) for data in opened],
            indexes,
        ],
    )


def _index_column(field: fields.EncryptedTextField) -> str:
    found = field.model._meta.get_field(field.index_field)
    assert isinstance(found, models.Field)  # noqa: S101 - a blind index is a column, not a relation
    return str(found.column)


def _quoted(name: str | None) -> str:
    assert name is not None  # noqa: S101 - a concrete field has a column
    return connection.ops.quote_name(name)
