"""Ids: of the right kind, rising, unique among threads, and read back only in their one form."""

import threading
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel import errors, ids
from core.kernel.ids import Prefix


def test_an_id_is_a_uuid_of_version_7_of_this_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = ids.uuid7()
    after = time.time_ns() // 1_000_000

    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= after + 1


def test_ids_rise_strictly_within_a_process() -> None:
    made = [ids.uuid7() for _ in range(20_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_rise_when_the_clock_stands_still_or_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ids.uuid7()
    now = time.time_ns()
    for stands in (now, now, now - 10**9, now - 10**12):
        monkeypatch.setattr(ids.time, "time_ns", lambda at=stands: at)
        made = ids.uuid7()
        assert made > first
        assert made.version == 7
        first = made


def test_threads_never_make_the_same_id() -> None:
    made: list[uuid.UUID] = []

    def work() -> None:
        made.extend([ids.uuid7() for _ in range(2_000)])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 16_000


@given(prefix=st.sampled_from(list(Prefix)), value=st.uuids())
def test_what_is_rendered_is_read_back(prefix: Prefix, value: uuid.UUID) -> None:
    assert ids.parse(prefix, ids.render(prefix, value)) == value


def test_prefixes_are_those_of_the_contract_and_differ() -> None:
    named = {"txn", "qte", "pln", "hld", "ent", "evt", "key", "whk", "cse", "pos", "ord"}

    assert named <= {prefix.value for prefix in Prefix}
    assert len({prefix.value for prefix in Prefix}) == len(list(Prefix))
    assert ids.new(Prefix.TRANSACTION).startswith("txn_")
    assert len(ids.new(Prefix.TRANSACTION)) == 36


HEX = "0190f3c2a1b47c8d9e0f112233445566"


@pytest.mark.parametrize(
    "text",
    [
        "", "txn", "txn_", HEX, f"qte_{HEX}", f"txn_{HEX[:-1]}", f"txn_{HEX}0", f"txn_{HEX.upper()}", f"TXN_{HEX}",
        f" txn_{HEX}", f"txn_{HEX}\n", f"txn__{HEX[:-1]}", f"txn-{HEX}", f"txn_{uuid.UUID(HEX)}", f"txn_{'g' * 32}",
        "txn_" + "\u0660" * 32, "txn_../../etc/passwd", "txn_" + "0" * 100_000,
    ],
)  # fmt: skip
def test_an_id_that_cannot_be_one_is_one_that_does_not_exist(text: str) -> None:
    with pytest.raises(errors.NotFound) as refusal:
        ids.parse(Prefix.TRANSACTION, text)
    assert len(refusal.value.detail) < 200
