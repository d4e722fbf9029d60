"""Model fields whose column holds ciphertext only. They can be read and written, never searched."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.lookups import Lookup

from core.encryption import cipher, keys


def blind_index(value: str) -> str:
    """Return what an equal value can be found by without storing it: a keyed hash with the current key's id."""
    return _index(keys.current(), value)


def blind_indexes(value: str) -> list[str]:
    """Return the index under every key that we have, for ``column__in``: rows from before a rotation are found too."""
    return [_index(key, value) for key in keys.ring().values()]


def _index(key: keys.Key, value: str) -> str:
    return f"{key.id}:{hmac.new(key.index_key, value.encode(), hashlib.sha256).hexdigest()}"


class _Sealed(models.TextField[Any, Any]):
    """What both kinds share: a text column, its place as context, and no look-up but for NULL."""

    @property
    def context(self) -> str:
        """The place that a ciphertext is bound to."""
        return f"{self.model._meta.db_table}.{self.column}"

    def get_lookup(self, lookup_name: str) -> type[Lookup[Any]] | None:
        """Refuse what could never match: each encryption of a value is different."""
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted and cannot be searched by {lookup_name}: use a blind index.")
        return super().get_lookup(lookup_name)


class EncryptedTextField(_Sealed):
    """Text that the database never sees.

    ``index_field`` names a text column of the same model that is kept at the blind index of the value.
    """

    def __init__(self, *args: Any, index_field: str = "", **kwargs: Any) -> None:
        self.index_field = index_field
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        if self.index_field:
            kwargs["index_field"] = self.index_field
        return name, path, list(args), dict(kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 - Django's signature
        value = super().pre_save(model_instance, add)
        if self.index_field:
            setattr(model_instance, self.index_field, None if value is None else blind_index(value))
        return value

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        if value is None or isinstance(value, Expression):
            return super().get_db_prep_save(value, connection)
        return cipher.encrypt(str(value), context=self.context)

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return None if value is None else cipher.decrypt(value, context=self.context)


class EncryptedBinaryField(_Sealed):
    """Bytes that the database never sees, such as a webhook as it came in."""

    def to_python(self, value: Any) -> Any:
        return value

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        if value is None or isinstance(value, Expression):
            return super().get_db_prep_save(value, connection)
        return cipher.encrypt_bytes(bytes(value), context=self.context)

    def from_db_value(self, value: str | None, *_: object) -> bytes | None:
        return None if value is None else cipher.decrypt_bytes(value, context=self.context)
