"""What never gets into a log."""

import pytest

from core.providers.transport import redact


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"account_number": "123456789"}, '{"account_number":"[redacted]"}'),
        ({"accountNumber": 123456789}, '{"accountNumber":"[redacted]"}'),
        ({"a": {"client_secret": "x"}}, '{"a":{"client_secret":"[redacted]"}}'),
        ({"payment_method": "pm_card_visa"}, '{"payment_method":"[redacted]"}'),
        ({"payment_method_types[]": "card"}, '{"payment_method_types[]":"card"}'),
        ({"Authorization": "Bearer abc"}, '{"Authorization":"[redacted]"}'),
        ({"email": ""}, '{"email":""}'),
        ({"amount": 123456789012}, '{"amount":123456789012}'),
        (["4242424242424242"], '["****4242"]'),
        ("card 4242-4242-4242-4242.", '"card ****4242."'),
        ("sk_" + "live_abcdefgh and whsec_abcdefgh", '"[redacted] and [redacted]"'),
        ("txn_0190f3aabbccddee0011223344556677", '"txn_0190f3aabbccddee0011223344556677"'),
        ("ach_transfer_uoxatyh3lt5evrsdvo7q", '"ach_transfer_uoxatyh3lt5evrsdvo7q"'),
        (None, ""),
    ],
)
def test_secrets_are_masked_by_name_and_by_look(given: object, kept: str) -> None:
    assert redact.excerpt(given) == kept


def test_an_excerpt_is_short() -> None:
    assert len(redact.excerpt({"pad": "x" * 10_000})) == redact.EXCERPT_CHARACTERS


def test_what_was_given_stays_as_it_was() -> None:
    given = {"account_number": "1", "list": [{"token": "t"}]}

    redact.scrub(given)

    assert given == {"account_number": "1", "list": [{"token": "t"}]}
