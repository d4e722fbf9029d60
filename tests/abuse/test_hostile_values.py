"""Hostile values in every field of what creates: refused with the field's name, nothing written, nothing held."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.abuse.conftest import Door, problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_written")]

DEEP = json.loads("[" * 60 + "]" * 60)
WRONG_TYPES: list[Any] = [0, 1, -1, 1.5, True, False, [], [1], {}, {"a": 1}, DEEP]
TEXTS: list[Any] = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\U0001f642" * 200,
    "x" * 100_000,
    "' OR 1=1 --",
    "../../etc/passwd",
    "%00",
]
AMOUNTS: list[Any] = [
    *("-1", "+1", "1e3", "1E400", "0x10", "1_000", "1,000", "1 000", " 1", "1 ", "1.", ".5", "NaN", "Infinity", "-0"),
    *(
        "10.001",
        "9" * 30,
        "9" * 78 + ".00",
        "9" * 5_000,
        "1." + "0" * 5_000,
        "\u0661\u0660",
        "\uff11\uff10",
        "\u00b2",
        "10\n",
        "10\x00",
        "0",
        "0.00",
    ),
    *("", " ", None, 10, 10.5, True, ["10"], {"amount": "10"}, DEEP),
]
FIELDS: list[tuple[str, list[Any]]] = [
    ("/kind", [*WRONG_TYPES, *TEXTS, "reversal", "buy", "DEPOSIT"]),
    ("/source", [*WRONG_TYPES, *TEXTS, {"amount": "10", "asset": "USD", "extra": 1}]),
    ("/source/amount", AMOUNTS),
    ("/source/asset", [*WRONG_TYPES, *TEXTS, "usd", "XXX", "USDC", None]),
    ("/source/chain", [*WRONG_TYPES, *TEXTS[1:], "solana", "ethereum"]),
    ("/target", [0, "x", [], {"asset": "EUR"}, {"amount": "5", "asset": "USD"}, {"asset": "USD", "x": 1}]),
    ("/instrument_id", [*WRONG_TYPES, *TEXTS[1:], "ins_", "ins_" + "0" * 32, "txn_" + "0" * 32, "ins_" + "g" * 32]),
    ("/to", [*WRONG_TYPES, *TEXTS, {"handle": "bruno"}]),
    ("/preferences", [0, 1, "x", True, [], {"speed": "2"}, {"speed": "1e-3"}, {"speed": [1]}, {"unknown": 1}]),
    ("/preferences/max_fee_percent", ["-1", "101", "NaN", "1e400", "9" * 5_000, [], {}, True, "\u0665"]),
    ("/preferences/max_slippage_bps", [-1, 10_001, 10**400, 1.5, "5", [], {}, True]),
    ("/client_reference", [*WRONG_TYPES, "x" * 101, "a\x00b"]),
    ("/domain", [*WRONG_TYPES, *TEXTS, "investing"]),
    ("/quote_id", [*WRONG_TYPES, *TEXTS[1:], "qte_" + "0" * 32, "txn_" + "0" * 32]),
    ("/unknown", [1, None, "x"]),
]
DIGITS = ("\uff11\uff10\uff11\uff10\uff15\uff10\uff10\uff10\uff11", "12345678901234567890")
CREATING = ("/banking/transactions", "/quotes", "/instruments")
NO_OBJECTS = (
    *(
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"0",
        b"\xff\xfe",
        b'{"kind":}',
        b"{'kind':1}",
        b"[" * 100_000,
        b'{"a":' * 5_000,
    ),
    *(
        b'{"kind":"deposit","kind":"transfer"}',
        b"NaN",
        b'{"source":{"amount":NaN}}',
        b"\x00",
        b'{"kind":"\xed\xa0\x80"}',
    ),
)
QUERIES = (
    *("limit=0", "limit=-1", "limit=101", "limit=x", "limit=" + "9" * 5_000, "limit=%D9%A1", "cursor=x", "cursor=%00"),
    *("cursor=" + "A" * 5_000, "status=x", "kind=%00", "created_after=x", "created_after=2026-13-01T00:00:00Z"),
    *("created_before=2026-01-01", "asset=%ff", "unknown=1", "provider=%00", "client_reference=%00", "%00=1"),
    *("created_after=0001-01-01T00:00:00%2B23:59", "created_before=9999-12-31T23:59:59-23:59"),
)
# What is wrong can show at the field or at what it stands in, such as the amount that is missing from an object.
LOOSE = {
    "/source/asset": "/source",
    "/source": "/source",
    "/target": "/",
    "/to": "/to",
    "/quote_id": "/",
    "/preferences": "/preferences",
}


def wish(door: Door, kind: str = "deposit") -> dict[str, Any]:
    return {"kind": kind, "source": {"amount": "20.00", "asset": "USD"}, "instrument_id": door.card}


def put(body: dict[str, Any], pointer: str, value: Any) -> bytes:
    """Return the body with one value somewhere else than it should be. Lone surrogates stay as escapes."""
    *way, last = pointer.strip("/").split("/")
    place = body
    for name in way:
        place = place.setdefault(name, {})
    place[last] = value
    return json.dumps(body).encode()


def refusals(door: Door, path: str, bodies: Sequence[tuple[Any, bytes]]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Send each body and yield the value in it with its refusal, which must be a whole one."""
    for value, body in bodies:
        answer = door.send("POST", path, body)
        assert answer.status_code in {400, 404, 422}, (value, answer.content)
        yield value, problem(answer)


def names(refusal: dict[str, Any], pointer: str, *, unless: set[str]) -> bool:
    """Say whether a refusal names the field, or is of a kind that is about the whole."""
    if refusal["errors"]:
        return bool(refusal["errors"][0]["pointer"].startswith(pointer))
    return refusal["code"] in {"malformed_json", "invalid_json", "parse_error", "invalid_body"} | unless


@pytest.mark.parametrize(("pointer", "values"), FIELDS, ids=[pointer for pointer, _ in FIELDS])
def test_a_transaction_with_a_hostile_value_is_refused_by_name(door: Door, pointer: str, values: list[Any]) -> None:
    sent = [(value, put(wish(door), pointer, value)) for value in values]

    for value, refusal in refusals(door, "/banking/transactions", sent):
        allowed = {"not_found", "amount_above_maximum"}
        assert names(refusal, LOOSE.get(pointer, pointer), unless=allowed), (value, refusal)


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_quote_for_a_hostile_amount_is_refused(door: Door, side: str) -> None:
    rest = {"domain": "banking", "kind": "deposit", "instrument_id": door.card}
    sent = [(value, json.dumps({**rest, side: {"amount": value, "asset": "USD"}}).encode()) for value in AMOUNTS]

    for value, refusal in refusals(door, "/quotes", sent):
        assert names(refusal, f"/{side}/amount", unless={"amount_above_maximum"}), (value, refusal)


@pytest.mark.parametrize("name", ["type", "token", "holder", "label"])
def test_a_card_with_a_hostile_value_is_refused(door: Door, name: str) -> None:
    card: dict[str, Any] = {"type": "card", "token": "pm_card_mastercard", "holder": "Ana", "label": "x"}
    # A name may be anything that can be written down.
    fine = {"' OR 1=1 --", "../../etc/passwd", "%00", " ", ""} if name in ("holder", "label") else set()
    values = [
        value for value in (*WRONG_TYPES, *TEXTS, "4242424242424242") if not isinstance(value, str) or value not in fine
    ]

    for value, refusal in refusals(door, "/instruments", [(value, put(dict(card), name, value)) for value in values]):
        assert names(refusal, f"/{name}", unless=set()), (value, refusal)


@pytest.mark.parametrize("name", ["routing_number", "account_number", "funding"])
def test_a_bank_account_with_a_hostile_value_is_refused(door: Door, name: str) -> None:
    account: dict[str, Any] = {
        "type": "bank_account",
        "routing_number": "101050001",
        "account_number": "1234567",
        "holder": "Ana",
        "funding": "checking",
    }
    # Without a funding it is a checking account.
    values = [value for value in (*WRONG_TYPES, *TEXTS, *DIGITS) if not (name == "funding" and value == "")]

    for value, refusal in refusals(
        door, "/instruments", [(value, put(dict(account), name, value)) for value in values]
    ):
        assert names(refusal, f"/{name}", unless=set()), (value, refusal)


@pytest.mark.parametrize("path", CREATING)
def test_a_body_that_is_no_object_is_refused(door: Door, path: str) -> None:
    for body in NO_OBJECTS:
        problem(door.send("POST", path, body))


@pytest.mark.parametrize("path", [*CREATING, "/api-keys"])
def test_a_body_of_ten_megabytes_is_refused(door: Door, path: str) -> None:
    assert problem(door.send("POST", path, b'{"kind":"' + b"x" * 10_000_000 + b'"}'))["status"] == 413


@pytest.mark.parametrize("path", CREATING)
def test_a_body_of_another_kind_is_refused(door: Door, path: str) -> None:
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", "", "x" * 500):
        assert problem(door.send("POST", path, b"kind=deposit", content_type=kind))["status"] in (400, 415)


def test_an_idempotency_key_that_is_none_is_refused(door: Door) -> None:
    for key in ("", " ", "a b", "\u00e4", "\t", "x" * 256, "a\x00b"):
        body = problem(door.send("POST", "/banking/transactions", json.dumps(wish(door)).encode(), idempotency_key=key))
        assert body["code"] in {"idempotency_key_required", "idempotency_key_invalid"}, key


def test_a_credential_that_is_none_is_refused(door: Door) -> None:
    for given in (
        "Bearer",
        "Bearer ",
        "Basic x",
        "Bearer dk_test_x",
        "Bearer " + "x" * 9000,
        "Bearer \x00",
        "Bearer a.b.c",
    ):
        answer = door.send("GET", "/transactions", authorization=given)
        assert problem(answer)["status"] == 401, given
        assert answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("path", ["/transactions", "/instruments", "/notifications", "/wallet/statement", "/api-keys"])
def test_a_hostile_query_is_no_server_error(door: Door, path: str) -> None:
    for query in QUERIES:
        answer = door.send("GET", f"{path}?{query}")
        assert answer.status_code in {200, 400, 404}, (query, answer.content)
        if answer.status_code != 200:
            problem(answer)


@pytest.mark.parametrize(
    "path", ["/transactions/{}", "/transactions/{}/events", "/transactions/{}/explain", "/quotes/{}"]
)
def test_an_id_that_is_none_is_not_found(door: Door, path: str) -> None:
    for made_up in (
        "x",
        "txn_",
        "txn_" + "0" * 32,
        "txn_" + "g" * 32,
        "ins_" + "0" * 32,
        "%00",
        "%ff",
        "%D9%A3",
        "x" * 3000,
    ):
        assert problem(door.send("GET", path.format(made_up)))["status"] in {400, 404}, made_up
