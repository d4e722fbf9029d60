"""How Kraken is called: envelope, signature, nonce, and what each of its errors means.

API: https://docs.kraken.com/api-reference (checked 2026-11). Public methods are GETs, private ones signed POSTs of a
form with a ``nonce`` that rises per key. The answer is ``{"error": [], "result": {}}``, mostly with status 200.
Auth: ``API-Sign`` = base64(HMAC-SHA512(base64decode(secret), path + SHA256(nonce + form))).
Idempotency: none. ``cl_ord_id`` is unique among open orders only, so a resent order can execute twice.
Limits: a counter per key, 1 a call (2 for histories), 15 to 20 at most, falling by 0.33 to 1 a second; orders have
another one per pair. ``deadline`` (2 to 60 seconds) lets the exchange refuse what comes too late.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from core.providers import contract
from core.providers.transport import http
from core.providers.transport.wire import Doc, Malformed
from investing.providers.turns import Turns

T = TypeVar("T")
CODE = "kraken"
HOSTS = frozenset({"api.kraken.com"})
PUBLIC, PRIVATE = "/0/public/", "/0/private/"

# ------------------------------------------------------------------------------------------------------- error map
# By the beginning of Kraken's text, the first that fits.
REFUSED: Mapping[str, str] = {
    "EOrder:Order minimum not met": "order_minimum_not_met",
    "EOrder:Cost minimum not met": "order_minimum_not_met",
    "EOrder:Tick size check failed": "price_invalid",
    "EOrder:Invalid price": "price_invalid",
    "EOrder:Unknown order": "order_unknown",
    "EQuery:Unknown asset pair": "pair_unknown",
    "EQuery:Invalid asset pair": "pair_unknown",
    "EGeneral:Invalid arguments": "order_invalid",
}
# Certainly not executed, and not the customer's doing: too little cover is ours to mend.
NOT_DONE: Mapping[str, str] = {
    "EOrder:Insufficient funds": "cover_insufficient",
    "EOrder:Orders limit exceeded": "provider_orders_limit",
    "EAPI:Invalid key": "provider_auth_failed",
    "EAPI:Invalid signature": "provider_auth_failed",
    "EAPI:Invalid nonce": "nonce_refused",
    "EGeneral:Permission denied": "provider_auth_failed",
    "EAccount:": "provider_auth_failed",
    "EAuth:Account": "provider_auth_failed",
    "ETrade:User Locked": "provider_auth_failed",
    "EService:Deadline elapsed": "deadline_elapsed",
    "EService:Market in": "market_closed",
}
TOO_FAST: Mapping[str, float] = {
    "EAPI:Rate limit exceeded": 5.0,
    "EOrder:Rate limit exceeded": 5.0,
    "EOrder:Domain rate limit exceeded": 5.0,
    "EAuth:Rate limit exceeded": 5.0,
    "EAuth:Too many requests": 5.0,
    "EGeneral:Too many requests": 5.0,
    "EService: Throttled": 5.0,
    "EGeneral:Temporary lockout": 900.0,
}


def named(error: str, *, writes: bool) -> contract.ProviderError:
    """Return what an error of Kraken's means; one that may leave an order executed is OutcomeUnknown."""
    detail = f"Kraken answered {error[:200]}."
    if "cl_ord_id" in error:  # our name for the order is taken: it may have been executed under it
        return contract.OutcomeUnknown(code="key_in_use", detail=detail, provider_code=error[:100])
    for beginning, retry_after_s in TOO_FAST.items():
        if error.startswith(beginning):
            return contract.RateLimited(retry_after_s=retry_after_s, detail=detail, provider_code=error[:100])
    for beginning, code in NOT_DONE.items():
        if error.startswith(beginning):
            return contract.Unavailable(code=code, detail=detail, provider_code=error[:100])
    for beginning, code in REFUSED.items():
        if error.startswith(beginning):
            return contract.Rejected(code=code, detail=detail, provider_code=error[:100])
    kind = contract.OutcomeUnknown if writes else contract.Unavailable
    return kind(detail=detail, provider_code=error[:100])


def result(answer: Doc, *, writes: bool) -> Doc:
    """Return the result of an answer. Warnings (W) are no errors.

    Raises: the error that is in it; Malformed.
    """
    told = answer.fields.get("error")
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise Malformed("error is not a list of texts")
    for one in told:
        if not one.startswith("W"):
            raise named(one, writes=writes)
    return answer.doc("result")


# ------------------------------------------------------------------------------------------------ request builders
def signature(*, secret: str, path: str, nonce: str, form: bytes) -> str:
    """Return the ``API-Sign`` of a private call. ``secret`` is as Kraken shows it: base64."""
    digest = hashlib.sha256(nonce.encode() + form).digest()
    return base64.b64encode(
        hmac.new(base64.b64decode(secret), path.encode() + digest, hashlib.sha512).digest()
    ).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What belongs to one key of one Kraken account. ``api_secret`` is base64."""

    base_url: str
    api_key: str
    api_secret: str = field(repr=False)
    allowed_hosts: frozenset[str] = HOSTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One private call: ``writes`` where it may execute something. The other names are for the call log."""

    method: str
    fields: Sequence[tuple[str, str]]
    operation: str
    writes: bool = False
    key: str = ""
    correlation_id: str = ""


# ---------------------------------------------------------------------------------------------------------- client
class Client:
    """Calls Kraken: public methods freely, private ones in turn."""

    def __init__(self, *, credentials: Credentials, turns: Turns, limits: http.Limits | None) -> None:
        self._credentials = credentials
        self._turns = turns
        self._http = http.Client(
            provider=CODE,
            base_url=credentials.base_url,
            allowed_hosts=credentials.allowed_hosts,
            headers={"User-Agent": "diboas"},
            limits=limits,
        )

    def public(self, method: str, *, operation: str, read: Callable[[Doc], T], **query: str) -> T:
        """Ask what anybody may ask."""
        path = f"{PUBLIC}{method}?{urlencode(query)}" if query else f"{PUBLIC}{method}"
        call = http.Call(operation=operation, method="GET", path=path)
        return self._http.ask(call, read=lambda answer: read(result(answer, writes=False)), refusal=_edge(writes=False))

    def private(self, ask: Ask, *, read: Callable[[Doc], T]) -> T:
        """Ask as the owner of the key, when it is this call's turn.

        Raises: the errors of the contract. Where nothing can have been executed, a lost answer is Unavailable.
        """
        try:
            with self._turns() as nonce:
                return self._http.ask(
                    self._call(ask, nonce=str(nonce)),
                    read=lambda answer: read(result(answer, writes=ask.writes)),
                    refusal=_edge(writes=ask.writes),
                )
        except contract.OutcomeUnknown as error:
            if ask.writes:
                raise
            raise contract.Unavailable(detail=error.detail, provider_code=error.provider_code) from error
        except contract.Rejected as error:
            if ask.writes:
                raise
            raise contract.OutcomeUnknown(
                code="not_told", detail=error.detail, provider_code=error.provider_code
            ) from error

    def _call(self, ask: Ask, *, nonce: str) -> http.Call:
        path, form = PRIVATE + ask.method, urlencode([("nonce", nonce), *ask.fields]).encode()
        given = self._credentials
        return http.Call(
            operation=ask.operation,
            method="POST",
            path=path,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "API-Key": given.api_key,
                "API-Sign": signature(secret=given.api_secret, path=path, nonce=nonce, form=form),
            },
            body=form,
            loggable=dict(ask.fields),
            key=ask.key,
            correlation_id=ask.correlation_id,
        )


def _edge(*, writes: bool) -> Callable[[http.Answer], contract.ProviderError]:
    """Return how an answer of 4xx is read: Kraken's own error where it has one."""

    def read(answer: http.Answer) -> contract.ProviderError:
        try:
            result(answer.doc, writes=writes)
        except contract.ProviderError as error:
            return error
        except Malformed:
            pass
        kind = contract.OutcomeUnknown if writes else contract.Unavailable
        return kind(detail=f"Kraken answered {answer.status}.")

    return read
