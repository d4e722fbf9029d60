"""POSTs with an Idempotency-Key: the work is done once, the answer is given again."""

import threading
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from django.db import connections
from django.test import Client

from core.identity import api_keys
from core.identity.models import Device
from core.resilience.models import IdempotencyRecord
from tests.core.api.conftest import caller
from tests.core.identity import people

MAKE = "/api/v1/make"
pytestmark = [pytest.mark.urls("tests.core.api.door")]
in_one_transaction = pytest.mark.django_db


def make(call, body, key, path=MAKE):
    return call("POST", path, body, **{"Idempotency-Key": key})


@in_one_transaction
def test_the_same_key_and_body_get_the_first_answer_byte_for_byte(own):
    first = make(own, {"name": "a"}, "k")
    again = make(own, {"name": "a"}, "k")

    assert (first.status_code, "Idempotency-Replayed" in first) == (201, False)
    assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
    assert again.content == first.content
    assert [again[name] for name in ("Location", "ETag", "Content-Type")] == [
        first[name] for name in ("Location", "ETag", "Content-Type")
    ]
    assert again["Request-Id"] != first["Request-Id"]
    assert Device.objects.count() == 1


@in_one_transaction
def test_the_same_key_with_another_body_is_refused(own):
    make(own, {"name": "a"}, "k")

    response = make(own, {"name": "b"}, "k")

    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert Device.objects.count() == 1


@in_one_transaction
def test_bodies_are_compared_by_their_bytes(own):
    make(own, b'{"name":"a"}', "k")

    assert make(own, b'{"name": "a"}', "k").status_code == 422


@in_one_transaction
def test_one_key_of_two_callers_and_of_two_objects_is_four_keys(own, other):
    answers = [make(who, {"name": f"{thing}"}, "k", f"{MAKE}/{thing}") for who in (own, other) for thing in ("x", "y")]

    assert [answer.status_code for answer in answers] == [201] * 4
    assert Device.objects.count() == 4


@in_one_transaction
def test_the_caller_is_the_customer_and_not_the_token(own, anyone, customer, key_of):
    first = make(own, {"name": "a"}, "k")

    again = anyone("POST", MAKE, {"name": "a"}, Authorization=f"Bearer {key_of(customer)}", **{"Idempotency-Key": "k"})

    assert (again["Idempotency-Replayed"], again.content) == ("true", first.content)


@in_one_transaction
@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("", "idempotency_key_required"),
        ("a b", "idempotency_key_invalid"),
        ("x" * 256, "idempotency_key_invalid"),
        ("é", "idempotency_key_invalid"),
    ],
)
def test_without_a_proper_key_nothing_is_done(own, key, code):
    response = make(own, {"name": "a"}, key)

    assert (response.status_code, response.json()["code"]) == (400, code)
    assert Device.objects.count() == 0


@in_one_transaction
def test_a_key_of_255_characters_is_fine(own):
    assert make(own, {"name": "a"}, "x" * 255).status_code == 201


@in_one_transaction
def test_a_refused_request_leaves_nothing_and_its_key_may_be_used_again(own):
    refused = make(own, {"name": "a", "fail": True}, "k")
    assert (refused.status_code, Device.objects.count(), IdempotencyRecord.objects.count()) == (422, 0, 0)

    assert make(own, {"name": "a"}, "k").status_code == 201
    assert Device.objects.count() == 1


def _committed_caller():
    customer = people.make_customer(rate_class="bench")
    return api_keys.issue(customer_id=customer.id, name="x", scopes=["transact"], live=False)[1]


@pytest.mark.usefixtures("committed_db")
def test_one_key_from_many_clients_at_once_does_the_work_once():
    token = _committed_caller()
    barrier = threading.Barrier(8)

    def once(_: int) -> tuple[int, str]:
        barrier.wait()
        try:
            response = make(caller(Client(), token), {"name": "a"}, "k")
        finally:
            connections.close_all()
        return response.status_code, orjson.loads(response.content).get("code", "made")

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(once, range(8)))

    assert (201, "made") in answers
    assert answers <= {(201, "made"), (409, "idempotency_in_progress")}
    assert (Device.objects.count(), IdempotencyRecord.objects.count()) == (1, 1)


@pytest.mark.usefixtures("committed_db")
def test_while_the_first_is_running_the_second_is_told_to_wait():
    token = _committed_caller()
    scope = f"customer:{api_keys.prove(token).customer.id.hex}:door.make"
    running, done = threading.Event(), threading.Event()

    def hold() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT * FROM idempotency_begin(%s, 'k', '')", [scope])
            running.set()
            done.wait(10)
            cursor.execute("ROLLBACK")
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(hold)
        assert running.wait(10)
        during = make(caller(Client(), token), {"name": "a"}, "k")
        done.set()
        first.result()
    after = make(caller(Client(), token), {"name": "a"}, "k")

    assert (during.status_code, during.json()["code"], during.json()["retryable"], during["Retry-After"]) == (
        409,
        "idempotency_in_progress",
        True,
        "1",
    )
    assert (after.status_code, Device.objects.count()) == (201, 1)
