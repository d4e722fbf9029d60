"""What AES-GCM promises must hold for our values: only the right key, place and bytes open."""

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from core.encryption import cipher, keys

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()


@pytest.fixture(autouse=True)
def two_keys(settings: Settings) -> None:
    settings.FIELD_KEYS = [NEW, OLD]


def test_a_text_comes_back_as_it_was() -> None:
    sealed = cipher.encrypt("Zoë 💶", context="t.c")

    assert cipher.decrypt(sealed, context="t.c") == "Zoë 💶"
    assert sealed.startswith("v1:new:")
    assert "Zoë" not in sealed


def test_equal_texts_do_not_look_equal() -> None:
    assert cipher.encrypt("same", context="t.c") != cipher.encrypt("same", context="t.c")


def test_a_value_does_not_open_in_another_place() -> None:
    sealed = cipher.encrypt("secret", context="customer.iban")

    with pytest.raises(cipher.Unreadable):
        cipher.decrypt(sealed, context="customer.note")


def test_every_flipped_byte_is_noticed() -> None:
    sealed = cipher.encrypt_bytes(b"secret", context="t.c")
    head, raw = sealed.rsplit(":", 1)[0], base64.b64decode(sealed.rsplit(":", 1)[1])

    for place in range(len(raw)):
        touched = bytearray(raw)
        touched[place] ^= 1
        with pytest.raises(cipher.Unreadable):
            cipher.decrypt_bytes(f"{head}:{base64.b64encode(touched).decode()}", context="t.c")


@pytest.mark.parametrize("text", ["", "plain", "v1:gone:AAAA", "v2:new:AAAA", "v1:new:", "v1:new:!!", "v1:new:AAAA"])
def test_what_is_no_ciphertext_of_ours_is_refused(text: str) -> None:
    with pytest.raises(cipher.Unreadable):
        cipher.decrypt(text, context="t.c")


def test_a_relabelled_key_id_does_not_open(settings: Settings) -> None:
    sealed = cipher.encrypt("secret", context="t.c")
    settings.FIELD_KEYS = [NEW, "twin:" + NEW.partition(":")[2]]

    with pytest.raises(cipher.Unreadable):
        cipher.decrypt(sealed.replace("v1:new:", "v1:twin:"), context="t.c")


def test_an_older_key_still_opens_what_it_closed(settings: Settings) -> None:
    settings.FIELD_KEYS = [OLD]
    sealed = cipher.encrypt("secret", context="t.c")
    settings.FIELD_KEYS = [NEW, OLD]

    assert cipher.decrypt(sealed, context="t.c") == "secret"
    assert not cipher.is_current(sealed)
    assert cipher.is_current(cipher.encrypt("secret", context="t.c"))


@pytest.mark.parametrize(
    "bad", [[], ["x"], ["id:short"], ["id:" + base64.b64encode(b"1" * 31).decode()], [NEW, NEW], ["b d:" + OLD[4:]]]
)
def test_malformed_keys_stop_the_start(settings: Settings, bad: list[str]) -> None:
    settings.FIELD_KEYS = bad

    with pytest.raises(ImproperlyConfigured):
        keys.ring()
