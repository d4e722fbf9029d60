"""Inbound webhooks: signatures in the shape ``t=<unix seconds>,<scheme>=<hex>``, and reading the event behind one."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence

from core.kernel import errors
from core.providers.contract import Delivery, News, SignatureInvalid
from core.providers.transport.wire import Doc, Malformed

TOLERANCE_S = 300
_MOST_SIGNATURES = 10
_LONGEST_STAMP = 12


def timestamped(delivery: Delivery, *, header: str, scheme: str, secrets: Sequence[str], now_s: float) -> None:
    """Return if one of the secrets signed ``t.body`` (HMAC-SHA256) within the tolerance, which holds both ways.

    Every secret is tried with every signature, in constant time, so that secrets can be rotated on either side.
    Raises: SignatureInvalid.
    """
    parts = [part.strip().partition("=")[::2] for part in delivery.headers.get(header, "").split(",")]
    stamps = [value for name, value in parts if name == "t"]
    given = [value.encode("utf-8", "replace") for name, value in parts if name == scheme]
    if len(stamps) != 1 or not _is_stamp(stamps[0]) or not 0 < len(given) <= _MOST_SIGNATURES:
        raise SignatureInvalid(detail="The signature header is missing or malformed.")
    content = stamps[0].encode() + b"." + delivery.body
    expected = [hmac.new(secret.encode(), content, hashlib.sha256).hexdigest().encode() for secret in secrets]
    if not sum(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given):
        raise SignatureInvalid(detail="No signature matches.")
    if abs(now_s - int(stamps[0])) > TOLERANCE_S:
        raise SignatureInvalid(code="signature_too_old", detail="The signature is not of now.")


def event(delivery: Delivery, *, read: Callable[[Doc], News]) -> list[News]:
    """Return the one event of a delivery.

    Raises: SignatureInvalid (``webhook_malformed``) when it is not what the protocol says.
    """
    try:
        return [read(Doc.parse(delivery.body))]
    except (Malformed, errors.InvalidInput) as error:
        raise SignatureInvalid(code="webhook_malformed", detail=str(error)) from error


def _is_stamp(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_STAMP
