"""The signature, the envelope, and the fall-backs of the error map."""

from __future__ import annotations

import pytest

from core.providers import contract
from core.providers.transport.wire import Doc, Malformed
from investing.providers.kraken import client

# Computed with a dummy secret, independently of this code (shared protocol notes).
SECRET = "ZHVtbXkta3Jha2VuLXNlY3JldC1mb3ItdGVzdC12ZWN0b3JzLW9ubHk="
POSTDATA = b"nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
SIGNATURE = "K8bfby9fMKmwFPDZRfL4dNA0rqx/DYnX51EC5jgMZiLROWTXbgE5d08qWaIE8cumxgcpWxXvzzuULWWhh9FYnw=="


def test_the_signature_is_kraken_s() -> None:
    signed = client.signature(secret=SECRET, path="/0/private/AddOrder", nonce="1616492376594", form=POSTDATA)

    assert signed == SIGNATURE


@pytest.mark.parametrize(
    ("path", "nonce", "form"),
    [
        ("/0/private/addorder", "1616492376594", POSTDATA),
        ("/0/private/AddOrder", "1616492376595", POSTDATA),
        ("/0/private/AddOrder", "1616492376594", POSTDATA + b"0"),
    ],
)
def test_path_nonce_and_form_are_all_signed(path: str, nonce: str, form: bytes) -> None:
    assert client.signature(secret=SECRET, path=path, nonce=nonce, form=form) != SIGNATURE


def test_a_result_is_what_is_in_the_envelope_and_warnings_are_none() -> None:
    answer = Doc({"error": ["WGeneral:Deprecated"], "result": {"a": 1}})

    assert client.result(answer, writes=True).fields == {"a": 1}


@pytest.mark.parametrize("fields", [{}, {"error": "x", "result": {}}, {"error": [1], "result": {}}, {"error": []}])
def test_another_envelope_is_malformed(fields: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        client.result(Doc(fields), writes=False)


@pytest.mark.parametrize("error", ["EService:Busy", "EDatabase:Internal error", "EWhat:Ever", "nonsense"])
def test_what_we_do_not_know_is_unknown_where_something_may_be_executed(error: str) -> None:
    assert type(client.named(error, writes=True)) is contract.OutcomeUnknown
    assert type(client.named(error, writes=False)) is contract.Unavailable


def test_every_error_of_the_map_has_one_meaning() -> None:
    for table, kind in ((client.REFUSED, contract.Rejected), (client.NOT_DONE, contract.Unavailable)):
        for error, code in table.items():
            named = client.named(f"{error} and more", writes=True)
            assert (type(named), named.code) == (kind, code)
    for error, wait_s in client.TOO_FAST.items():
        limited = client.named(error, writes=True)
        assert isinstance(limited, contract.RateLimited)
        assert limited.retry_after_s == wait_s


def test_a_secret_is_not_shown() -> None:
    shown = repr(client.Credentials(base_url="https://api.kraken.com", api_key="key", api_secret=SECRET))

    assert SECRET not in shown
