"""The only way out to a provider: one host, no redirects, bounded in time and size, every failure named exactly.

What a failure means is decided here, once, for all providers:

- nothing left us (name, connection, certificate): ``Unavailable``
- 429: ``RateLimited``
- anything else without a readable answer below 500, after a byte may have left: ``OutcomeUnknown``; for a call that
  only reads, ``Unavailable``, because nothing can have been executed.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import urllib3

from core.kernel import clock, errors
from core.providers import calls, contract, durable
from core.providers.models import CallOutcome
from core.providers.transport import connections, redact
from core.providers.transport.wire import Doc, Malformed

T = TypeVar("T")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.EmptyPoolError,
    urllib3.exceptions.LocationValueError,
    ssl.SSLCertVerificationError,
)
_OUTCOMES = {
    contract.RateLimited: CallOutcome.RATE_LIMITED,
    contract.Unavailable: CallOutcome.UNAVAILABLE,
    contract.OutcomeUnknown: CallOutcome.UNKNOWN,
}
_DEEPEST = 10
DEFAULT_RETRY_AFTER_S = 1.0
MAX_RETRY_AFTER_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much. ``idle_s``: a connection unused for longer is not trusted to be open still."""

    connect_s: float = 3.0
    read_s: float = 10.0
    total_s: float = 15.0
    response_bytes: int = 1_000_000
    idle_s: float = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to make. ``loggable`` is the request as data for the call log; it is redacted there.

    ``logged`` is False for what only looks, many times a minute, such as a chain watcher: its rows would bury the
    others. An empty ``path`` is the base address itself, where that is the whole address.
    """

    operation: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    loggable: object = None
    key: str = ""
    correlation_id: str = ""
    logged: bool = True

    @classmethod
    def form(cls, *, operation: str, path: str, fields: Sequence[tuple[str, str]], key: str) -> Call:
        """Build a POST of a form. The same fields always give the same bytes."""
        return cls(
            operation=operation,
            method="POST",
            path=path,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": key},
            body=urlencode(fields).encode(),
            loggable=dict(fields),
            key=key,
        )

    @classmethod
    def json(cls, *, operation: str, path: str, fields: Mapping[str, object], key: str) -> Call:
        """Build a POST of a JSON object. The same fields always give the same bytes."""
        return cls(
            operation=operation,
            method="POST",
            path=path,
            headers={"Content-Type": "application/json", "Idempotency-Key": key},
            body=json.dumps(fields, separators=(",", ":")).encode(),
            loggable=fields,
            key=key,
        )

    @property
    def reads(self) -> bool:
        """Whether it cannot execute anything, whatever happens to it."""
        return self.method == "GET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer below 500 that is one JSON object. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    doc: Doc

    @property
    def accepted(self) -> bool:
        """Whether the provider did what was asked."""
        return self.status < HTTPStatus.BAD_REQUEST


class Client:
    """Calls one provider. Safe to share between threads."""

    def __init__(
        self,
        *,
        provider: str,
        base_url: str,
        allowed_hosts: frozenset[str],
        headers: Mapping[str, str],
        limits: Limits | None = None,
    ) -> None:
        """Needs: ``base_url`` on an allowed host, and https unless the host is this machine.

        Raises: ValueError.
        """
        parts = urlsplit(base_url)
        if parts.hostname not in allowed_hosts or parts.username or parts.query or parts.fragment:
            raise ValueError(f"{provider}: {parts.hostname!r} is not an allowed host")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError(f"{provider}: only https leaves this machine")
        self.provider = provider
        self._base_path = parts.path.rstrip("/")
        self._headers = dict(headers)
        self._limits = limits or Limits()
        self._timeout = urllib3.Timeout(connect=self._limits.connect_s, read=self._limits.read_s)
        self._connections = connections.Connections(
            scheme=parts.scheme, host=parts.hostname, port=parts.port, idle_s=self._limits.idle_s
        )

    def send(self, call: Call) -> Answer:
        """Make the call and return its answer; also log it.

        Needs: no open database transaction.
        Raises: Unavailable, RateLimited, OutcomeUnknown (module docstring); durable.InsideTransaction.
        """
        durable.require()
        started, at = time.perf_counter(), clock.SYSTEM.now()
        exchange = _Exchange()
        outcome = CallOutcome.ANSWERED
        try:
            return self._exchange(call, exchange, deadline=time.monotonic() + self._limits.total_s)
        except contract.ProviderError as error:
            outcome = _OUTCOMES[type(error)]
            exchange.said = redact.excerpt(
                exchange.raw[: redact.EXCERPT_CHARACTERS].decode("utf-8", "replace") or error.detail
            )
            raise
        finally:
            if call.logged:
                self._record(
                    call, exchange, outcome, at=at, duration_ms=round((time.perf_counter() - started) * 1000, 3)
                )

    def ask(self, call: Call, *, read: Callable[[Doc], T], refusal: Callable[[Answer], contract.ProviderError]) -> T:
        """Make the call and return its answer as ``read`` reads it; ``refusal`` names an answer of 4xx.

        Raises: as ``send``, and for an answer that is not what the protocol says what ``undecided`` returns. A call
        that only reads is never Rejected: that the provider will not tell decides nothing.
        """
        answer = self.send(call)
        if not answer.accepted:
            error = refusal(answer)
            if call.reads and isinstance(error, contract.Rejected):
                raise contract.OutcomeUnknown(code="not_told", detail=error.detail, provider_code=error.provider_code)
            raise error
        try:
            return read(answer.doc)
        except (Malformed, errors.InvalidInput) as error:
            raise undecided(call, detail=f"The answer is malformed: {error}.") from error

    def _record(
        self, call: Call, exchange: _Exchange, outcome: CallOutcome, *, at: datetime, duration_ms: float
    ) -> None:
        calls.record(
            calls.CallRecord(
                at=at,
                provider=self.provider,
                operation=call.operation,
                attempt_key=call.key,
                method=call.method,
                path=call.path,
                status=exchange.status,
                outcome=outcome.value,
                duration_ms=duration_ms,
                request=redact.excerpt(call.loggable),
                response=exchange.said,
                correlation_id=call.correlation_id,
            )
        )

    def _exchange(self, call: Call, exchange: _Exchange, *, deadline: float) -> Answer:
        try:
            response = self._start(call)
            exchange.status = response.status
            try:
                exchange.raw = self._body(response, deadline)
            finally:
                response.close()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise _named(error, call) from error
        return self._judge(call, response, exchange)

    def _start(self, call: Call) -> urllib3.BaseHTTPResponse:
        if call.path and (not call.path.startswith("/") or call.path.startswith("//")):
            raise urllib3.exceptions.LocationValueError("a path begins with one slash")
        headers = {**self._headers, **call.headers}
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise urllib3.exceptions.LocationValueError("a header is one line of plain characters")
        return self._connections.pool().urlopen(
            call.method,
            self._base_path + call.path or "/",
            body=call.body,
            headers=headers,
            timeout=self._timeout,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )

    def _body(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        """Read the whole body, or stop at the limit of size or time: a stranger may drip or never end."""
        chunks, size = [], 0
        while chunk := response.read1(65_536, decode_content=True):
            size += len(chunk)
            if size > self._limits.response_bytes:
                raise urllib3.exceptions.ProtocolError("the answer is too large")
            if time.monotonic() > deadline:
                raise urllib3.exceptions.ProtocolError("the answer took too long")
            chunks.append(chunk)
        return b"".join(chunks)

    def _judge(self, call: Call, response: urllib3.BaseHTTPResponse, exchange: _Exchange) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.itermerged()}
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise contract.RateLimited(retry_after_s=_retry_after_s(headers), detail="The provider says: too fast.")
        if not _decides(response.status):
            raise undecided(call, detail=f"The provider answered {response.status}.")
        try:
            doc = Doc.parse(exchange.raw)
        except Malformed as error:
            raise undecided(call, detail=f"The answer is {error}.") from error
        exchange.said = redact.excerpt(doc.fields)
        return Answer(status=response.status, headers=headers, doc=doc)


def _decides(status: int) -> bool:
    """Whether a status is a decision: 2xx, or 4xx that is not the provider giving up waiting."""
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or (refused and status != HTTPStatus.REQUEST_TIMEOUT)


def undecided(call: Call, *, detail: str) -> contract.ProviderError:
    """Return the error for a call that left without a usable answer: only what reads is certainly harmless."""
    if call.reads:
        return contract.Unavailable(detail=detail)
    return contract.OutcomeUnknown(detail=detail)


@dataclass(slots=True)
class _Exchange:
    """What came back, for the log: also of a call that failed half-way."""

    status: int | None = None
    raw: bytes = b""
    said: str = ""


def _named(error: Exception, call: Call) -> contract.ProviderError:
    """Return Unavailable if the failure proves that nothing was sent, else what an unanswered call deserves."""
    detail = f"{call.method} {call.path} failed: {type(error).__name__}."
    if any(isinstance(cause, _NEVER_SENT) for cause in _causes(error)):
        return contract.Unavailable(detail=detail)
    return undecided(call, detail=detail)


def _causes(error: BaseException) -> list[BaseException]:
    """List the error and what it wraps. urllib3 nests the true cause as an argument or ``reason``."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(found) < _DEEPEST:
        item = waiting.pop()
        if isinstance(item, BaseException):
            found.append(item)
            waiting.extend([getattr(item, "reason", None), *item.args])
    return found


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """Return the seconds of Retry-After; a date or nonsense counts as the default."""
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return min(float(value), MAX_RETRY_AFTER_S)
    return DEFAULT_RETRY_AFTER_S
