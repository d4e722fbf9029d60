"""One key, one effect: replays, refusals, and 64 clients at once."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction

from core.kernel import errors
from core.resilience import idempotency
from core.resilience.idempotency import Fresh, Replay
from core.resilience.models import IdempotencyRecord

SCOPE = "customer:0190:banking.transactions"
BODY = b'{"amount": "1.00"}'
ANSWER = b'{"id":"txn_1"}'


def begin(*, key: str = "k-1", body: bytes = BODY, scope: str = SCOPE) -> Fresh | Replay:
    return idempotency.begin(scope=scope, key=key, body=body)


def finish(fresh: Fresh | Replay) -> None:
    assert isinstance(fresh, Fresh)
    idempotency.finish(fresh=fresh, status=201, headers={"Location": "/x"}, body=ANSWER)


@pytest.mark.django_db
def test_the_second_request_gets_the_first_answer_to_the_byte() -> None:
    finish(begin())

    assert begin() == Replay(status=201, headers={"Location": "/x"}, body=ANSWER)
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.django_db
def test_another_body_under_the_same_key_is_refused() -> None:
    finish(begin())

    with pytest.raises(idempotency.KeyReused) as refusal:
        begin(body=BODY + b" ")
    assert refusal.value.code == "idempotency_key_reused"
    assert isinstance(refusal.value, errors.Refused)
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.django_db
def test_keys_of_other_callers_and_operations_are_other_keys() -> None:
    finish(begin())

    assert isinstance(begin(scope="customer:0191:banking.transactions"), Fresh)
    assert isinstance(begin(key="k-2"), Fresh)


@pytest.mark.django_db
def test_scope_and_key_are_not_glued_together() -> None:
    finish(begin(scope="a", key="b-c"))

    assert isinstance(begin(scope="a-b", key="c"), Fresh)


def test_what_rolls_back_leaves_the_key_free(committed_db: object) -> None:
    def doomed() -> None:
        with transaction.atomic():
            finish(begin())
            raise errors.Refused

    with pytest.raises(errors.Refused):
        doomed()

    with transaction.atomic():
        assert isinstance(begin(), Fresh)


def test_a_request_that_is_still_running_is_told_to_come_back(committed_db: object) -> None:
    told: list[errors.DiboasError] = []

    def second() -> None:
        try:
            with transaction.atomic():
                begin()
        except errors.DiboasError as fault:
            told.append(fault)
        finally:
            connection.close()

    with transaction.atomic():
        finish(begin())
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    (fault,) = told
    assert isinstance(fault, idempotency.InProgress)
    assert (fault.code, fault.retry_after, fault.retryable) == ("idempotency_in_progress", 1, True)
    with transaction.atomic():
        assert isinstance(begin(), Replay)


def test_sixty_four_clients_with_one_key_have_one_effect(committed_db: object) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(16)

    def client() -> None:
        start.wait()
        outcomes.extend(_request() for _ in range(4))
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 64
    assert outcomes.count("did it") == 1
    assert set(outcomes) <= {"did it", "replay", "in progress"}
    assert IdempotencyRecord.objects.count() == 1


def _request() -> str:
    try:
        with transaction.atomic():
            found = begin()
            if isinstance(found, Replay):
                assert found.body == ANSWER
                return "replay"
            finish(found)
            return "did it"
    except idempotency.InProgress:
        return "in progress"


@pytest.mark.django_db
def test_records_are_kept_thirty_days() -> None:
    for days in (29, 31):
        finish(begin(key=f"k-{days}"))
        _move_back(key=f"k-{days}", by=timedelta(days=days))

    assert idempotency.cleanup() == 1

    assert list(IdempotencyRecord.objects.values_list("key", flat=True)) == ["k-29"]


def _move_back(*, key: str, by: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE resilience_idempotencyrecord SET created_at = clock_timestamp() - make_interval(secs => %s)"
            " WHERE key = %s",
            [by.total_seconds(), key],
        )


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_required"),
        ("", "idempotency_key_required"),
        (" ", "idempotency_key_invalid"),
        ("a b", "idempotency_key_invalid"),
        ("ü", "idempotency_key_invalid"),
        ("a\n", "idempotency_key_invalid"),
        ("x" * 256, "idempotency_key_invalid"),
    ],
)
def test_a_key_has_1_to_255_visible_characters(key: str | None, code: str) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        idempotency.check_key(key)
    assert refusal.value.code == code


@pytest.mark.parametrize("key", ["a", "x" * 255, str(uuid.UUID(int=7)), "~!{}"])
def test_a_good_key_is_returned(key: str) -> None:
    assert idempotency.check_key(key) == key


def test_a_key_cannot_be_held_outside_a_transaction(committed_db: object) -> None:
    with pytest.raises(errors.SystemFault):
        begin()
