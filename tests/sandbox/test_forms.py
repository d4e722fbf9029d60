"""Stripe's bracket forms and the settings, without a process."""

from __future__ import annotations

import pytest

from sandbox import settings
from sandbox.stripe.wire import forms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("a=1&b=", {"a": "1", "b": ""}),
        ("metadata[order]=1&metadata[x+y]=a%26b", {"metadata": {"order": "1", "x y": "a&b"}}),
        ("expand[]=a&expand[]=b", {"expand": ["a", "b"]}),
        ("expand[0]=a&expand[1]=b", {"expand": ["a", "b"]}),
        ("a[b][c][0]=1&a[b][d]=2", {"a": {"b": {"c": ["1"], "d": "2"}}}),
        ("items[0][price]=p&items[1][price]=q", {"items": [{"price": "p"}, {"price": "q"}]}),
    ],
)
def test_forms_are_nested_by_their_brackets(text: str, expected: object) -> None:
    assert forms.decode(text) == expected


@pytest.mark.parametrize("text", ["a[b=1", "a]b[=1", "[a]=1", "a[b]c=1", "a=1&a[b]=2", "a=%ff", "a" + "[b]" * 9 + "=1"])
def test_a_form_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(forms.BadForm):
        forms.decode(text)


@pytest.mark.parametrize(
    ("environ", "word"),
    [
        ({"SANDBOX_ACH_SUBMIT_MS": "soon"}, "SANDBOX_ACH_SUBMIT_MS"),
        ({"SANDBOX_WEBHOOK_SENDERS": "0"}, "SANDBOX_WEBHOOK_SENDERS"),
        ({"SANDBOX_INCREASE_INSUFFICIENT": "shrug"}, "SANDBOX_INCREASE_INSUFFICIENT"),
        ({"SANDBOX_STRIPE_WEBHOOK_URL": "ftp://x"}, "--stripe-webhook-url"),
    ],
)
def test_a_bad_setting_is_named(environ: dict[str, str], word: str) -> None:
    with pytest.raises(settings.SettingsInvalid, match=word):
        settings.read(arguments=[], environ=environ)


def test_settings_come_from_arguments_before_the_environment() -> None:
    given = settings.read(
        arguments=["--port", "9001", "--stripe-webhook-url", "http://127.0.0.1:1/a"],
        environ={
            "SANDBOX_PORT": "9002",
            "SANDBOX_STRIPE_WEBHOOK_URL": "http://127.0.0.1:1/b",
            "SANDBOX_STRIPE_WEBHOOK_SECRET": "whsec_a, whsec_b",
            "SANDBOX_ACH_SETTLE_MS": "0",
        },
    )

    assert (given.port, given.stripe_webhook_url) == (9001, "http://127.0.0.1:1/a")
    assert given.stripe_webhook_secrets == ("whsec_a", "whsec_b")
    assert given.ach_settle_s == 0
    assert given.increase_opening_balance == 1_000_000_000
