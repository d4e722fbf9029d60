"""A model with encrypted columns: what the program sees, and what lies in the table."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import connection, models
from django.test.utils import isolate_apps
from pytest_django import Settings

from core.encryption import cipher, fields, rotation

pytestmark = pytest.mark.django_db
OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()


@pytest.fixture
def person(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A model of its own with a table of its own, outside the registry of the project."""
    monkeypatch.setattr(rotation, "_elsewhere", {})
    settings.FIELD_KEYS = [OLD]
    with isolate_apps("core.encryption"):

        class Person(models.Model):
            iban = fields.EncryptedTextField(null=True, index_field="iban_index")
            iban_index = models.TextField(null=True)  # noqa: DJ001 - no value has no index
            raw = fields.EncryptedBinaryField(null=True)

            class Meta:
                app_label = "encryption"
                db_table = "encryption_test_person"

        with connection.schema_editor() as editor:
            editor.create_model(Person)
        yield Person


def stored(column: str) -> list[str | None]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM encryption_test_person ORDER BY id")  # noqa: S608 - a column of the test's own table
        return [row[0] for row in cursor.fetchall()]


def test_the_table_holds_ciphertext_only(person: Any) -> None:
    person.objects.create(iban="DE89370400440532013000", raw=b"\x00\xff{}")

    found = person.objects.get()

    assert found.iban == "DE89370400440532013000"
    assert found.raw == b"\x00\xff{}"
    (sealed,) = stored("iban")
    assert sealed is not None
    assert sealed.startswith("v1:old:")
    assert "DE89" not in sealed
    assert cipher.decrypt(sealed, context="encryption_test_person.iban") == "DE89370400440532013000"


def test_null_stays_null(person: Any) -> None:
    person.objects.create(iban=None)

    assert stored("iban") == [None]
    assert stored("iban_index") == [None]
    assert person.objects.filter(iban__isnull=True).count() == 1


def test_bulk_writes_and_updates_are_closed_too(person: Any) -> None:
    person.objects.bulk_create([person(iban="A1"), person(iban="B2")])
    person.objects.update(raw=b"r")

    assert [one.iban for one in person.objects.order_by("id")] == ["A1", "B2"]
    assert [one.raw for one in person.objects.order_by("id")] == [b"r", b"r"]
    assert all(text is not None and text.startswith("v1:old:") for text in stored("iban") + stored("raw"))


def test_a_search_that_could_never_match_is_refused(person: Any) -> None:
    with pytest.raises(FieldError):
        person.objects.filter(iban="DE89").count()
    with pytest.raises(FieldError):
        person.objects.filter(iban__contains="DE").count()


def test_the_blind_index_finds_equal_values(person: Any) -> None:
    person.objects.create(iban="DE89")
    person.objects.create(iban="FR76")

    found = person.objects.get(iban_index=fields.blind_index("DE89"))

    assert found.iban == "DE89"
    assert fields.blind_index("DE89") != fields.blind_index("DE90")


def test_a_ciphertext_copied_to_another_column_does_not_open(person: Any) -> None:
    person.objects.create(iban="DE89", raw=b"r")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE encryption_test_person SET iban = raw")

    with pytest.raises(cipher.Unreadable):
        person.objects.get()


def test_rotation_closes_everything_with_the_new_key(person: Any, settings: Settings) -> None:
    person.objects.bulk_create([person(iban=f"DE{n}", raw=b"r%d" % n) for n in range(7)])
    person.objects.create(iban=None)
    settings.FIELD_KEYS = [NEW, OLD]

    counts = rotation.run(batch=3, of=[person])

    assert counts == {"encryption_test_person.iban": 7, "encryption_test_person.raw": 7}
    settings.FIELD_KEYS = [NEW]
    assert [one.iban for one in person.objects.order_by("id")] == [*(f"DE{n}" for n in range(7)), None]
    assert person.objects.get(iban_index=fields.blind_index("DE3")).raw == b"r3"
    assert rotation.run(of=[person]) == {"encryption_test_person.iban": 0, "encryption_test_person.raw": 0}


def test_ciphertext_outside_of_fields_is_rotated_by_who_keeps_it(person: Any) -> None:
    rotation.register("mfa secrets", lambda: 3)

    assert rotation.run(of=[]) == {"mfa secrets": 3}


def test_rows_from_before_a_rotation_are_found_by_all_indexes(person: Any, settings: Settings) -> None:
    person.objects.create(iban="DE89")
    settings.FIELD_KEYS = [NEW, OLD]

    assert person.objects.filter(iban_index=fields.blind_index("DE89")).count() == 0
    assert person.objects.get(iban_index__in=fields.blind_indexes("DE89")).iban == "DE89"


def test_the_field_survives_a_migration_file() -> None:
    _, path, args, kwargs = fields.EncryptedTextField(null=True, index_field="x_index").deconstruct()

    assert path == "core.encryption.fields.EncryptedTextField"
    assert (args, kwargs) == ([], {"null": True, "index_field": "x_index"})
