"""The pages outside the console."""

from django.test import Client


def test_the_front_door_leads_to_the_documentation_and_the_console() -> None:
    answer = Client(HTTP_HOST="127.0.0.1").get("/")

    assert answer.status_code == 200
    assert b"/api/v1/docs" in answer.content
    assert b"/console/" in answer.content


def test_a_customer_who_comes_back_from_his_bank_is_thanked_whatever_he_brings() -> None:
    answer = Client(HTTP_HOST="127.0.0.1").get("/payments/return?payment_intent=pi_1&redirect_status=failed")

    assert answer.status_code == 200
    assert b"pi_1" not in answer.content
