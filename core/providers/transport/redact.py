"""Take out of a request or answer what must not lie in a log: account numbers, tokens, keys, card-like digits."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping

EXCERPT_CHARACTERS = 2000
MASK = "[redacted]"
_SHORTEST = 7  # no pattern below matches less
_SECRET = re.compile(
    r"account_?number|routing_?number|iban|token|secret|password|authorization|api_?key|payment_method$|holder"
    r"|individual_name|name$|email|phone|address|fingerprint",
    re.IGNORECASE,
)
_KEY_LIKE = re.compile(r"\b(?:sk|rk|pk|pm|whsec|dk)_[A-Za-z0-9_]{4,}|\bBearer\s+\S+|_secret_\w+")
_DIGITS = re.compile(r"(?<![0-9A-Za-z_-])[0-9](?:[ -]?[0-9]){7,18}(?![0-9A-Za-z_-])")


def excerpt(value: object) -> str:
    """Return a short JSON text of ``value`` that is safe to keep."""
    if value is None:
        return ""
    return json.dumps(scrub(value), separators=(",", ":"), default=str)[:EXCERPT_CHARACTERS]


def scrub(value: object) -> object:
    """Return a copy with secrets masked, by the name of the field and by the look of the text."""
    if isinstance(value, Mapping):
        return {key: MASK if item and _is_secret(key, item) else scrub(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrub(item) for item in value]
    return text(value) if isinstance(value, str) else value


def text(value: str) -> str:
    """Return the text with keys and long digit runs masked; of digits the last four stay."""
    if len(value) < _SHORTEST:
        return value
    masked = _KEY_LIKE.sub(MASK, value)
    return _DIGITS.sub(lambda match: "****" + match.group()[-4:], masked)


def _is_secret(key: object, item: object) -> bool:
    return not isinstance(item, Mapping | list | tuple) and _names_secret(str(key))


@functools.lru_cache(maxsize=4096)
def _names_secret(key: str) -> bool:
    """Providers use the same few names in every answer."""
    return _SECRET.search(key) is not None
