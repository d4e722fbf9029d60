"""Every check is asked, and one that fails is itself a break."""

from collections.abc import Iterator

import pytest

from core.audit import books
from core.audit.books import Break


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "_checks", {})


def test_all_breaks_of_all_checks_are_told() -> None:
    def ill() -> Iterator[Break]:
        yield Break(check="holds", subject="hld_1", detail="open for ever")
        raise LookupError("no table")

    books.register("holds", ill)
    books.register("entries", lambda: [Break(check="entries", subject="ent_1", detail="sums to 3")])
    books.register("clean", list)

    assert books.names() == ["clean", "entries", "holds"]
    assert books.run() == [
        Break(check="entries", subject="ent_1", detail="sums to 3"),
        Break(check="holds", subject="the check itself", detail="LookupError: no table"),
    ]
