"""The two signature schemes, written from the providers' documents; the official libraries judge them in the tests."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence


def stripe(*, body: bytes, secrets: Sequence[str], at: int) -> dict[str, str]:
    """Return Stripe's header: one ``v1`` per secret, so that a secret can be rotated.

    Source: docs.stripe.com/webhooks/signature; the key is the secret's text including ``whsec_``.
    """
    signed = b"%d." % at + body
    marks = [f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}" for secret in secrets]
    return {"Stripe-Signature": ",".join([f"t={at}", *marks])}


def standard(*, id: str, body: bytes, secrets: Sequence[str], at: int) -> dict[str, str]:  # noqa: A002 - the header's word
    """Return the three headers of Standard Webhooks, as Increase sends them.

    Source: standardwebhooks.com and the Increase SDK: the key is the secret's raw text, not decoded from base64.
    """
    signed = f"{id}.{at}.".encode() + body
    marks = [
        "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
        for secret in secrets
    ]
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": " ".join(marks)}
