"""The generated documents in docs/ say what the code says."""

import warnings

from core.orchestration import states
from diboas import documents


def test_committed_documents_are_fresh() -> None:
    assert [path.name for path in documents.stale()] == []


def test_the_openapi_document_is_made_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = documents.openapi()

    assert "/api/v1/banking/transactions:" in text


def test_every_state_is_in_the_table() -> None:
    table = documents.state_table()

    assert [state.value for state in states.State if f"| {state.value} |" not in table] == []
    assert "## banking" in table
