"""Reading what came over the wire: right, or malformed."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.providers.transport.wire import Doc, Malformed


@pytest.mark.parametrize(
    "raw",
    [b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b'{"a":NaN}', b'{"a":Infinity}', b"[" * 100_000, b"1" * 5000],
)
def test_only_one_json_object_is_a_document(raw: bytes) -> None:
    with pytest.raises(Malformed):
        Doc.parse(raw)


def test_numbers_keep_their_exact_value() -> None:
    doc = Doc.parse(b'{"rate":0.1,"big":123456789012345678901234567890}')

    assert doc.fields["rate"] == Decimal("0.1")
    assert doc.whole("big") == 123456789012345678901234567890


def test_absent_and_null_are_the_same_and_told_apart_from_wrong() -> None:
    doc = Doc({"null": None, "text": "x", "number": 1, "flag": True, "doc": {}, "docs": [{}], "list": [1]})

    assert [doc.find_text("null"), doc.find_text("none"), doc.find_text("text")] == ["", "", "x"]
    assert [doc.find_whole("null"), doc.find_whole("none"), doc.find_whole("number")] == [None, None, 1]
    assert [doc.find_doc("null"), doc.find_doc("none"), doc.find_doc("doc")] == [None, None, Doc({})]
    assert doc.docs("docs") == [Doc({})]
    for read in (
        lambda: doc.text("none"),
        lambda: doc.text("number"),
        lambda: doc.whole("none"),
        lambda: doc.whole("text"),
        lambda: doc.whole("flag"),
        lambda: doc.doc("none"),
        lambda: doc.doc("list"),
        lambda: doc.docs("none"),
        lambda: doc.docs("list"),
        lambda: doc.find_text("doc"),
    ):
        with pytest.raises(Malformed):
            read()


def test_moments_have_a_zone() -> None:
    doc = Doc({"unix": 1_700_000_000, "iso": "2023-11-14T22:13:20Z", "naive": "2023-11-14T22:13:20", "word": "now"})

    assert doc.unix("unix") == doc.moment("iso") == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (doc.unix("none"), doc.moment("none")) == (None, None)
    for read in (lambda: doc.moment("naive"), lambda: doc.moment("word"), lambda: Doc({"t": 10**30}).unix("t")):
        with pytest.raises(Malformed):
            read()


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "ok \udfff"])
def test_text_that_the_database_cannot_keep_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        Doc({"a": text}).text("a")


def test_other_text_is_kept_as_it_is() -> None:
    assert Doc({"a": "Żółć\n\t🦊"}).text("a") == "Żółć\n\t🦊"
