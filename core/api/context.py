"""Which request this is: its id and the correlation id that travels through tasks, provider calls and webhooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import structlog

from core.kernel import ids

_SAFE = re.compile(r"[A-Za-z0-9._:\-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """The ids of one request. Outside any request both are empty."""

    request_id: str
    correlation_id: str


_NONE = RequestContext(request_id="", correlation_id="")
_current: ContextVar[RequestContext] = ContextVar("diboas_request", default=_NONE)


def current() -> RequestContext:
    """Return the context of the request that is being served."""
    return _current.get()


def new(correlation_id: str) -> RequestContext:
    """Return a fresh context; a correlation id that is not 1 to 64 safe characters is replaced by the request id."""
    request_id = ids.new(ids.Prefix.REQUEST)
    is_safe = _SAFE.fullmatch(correlation_id) is not None
    return RequestContext(request_id=request_id, correlation_id=correlation_id if is_safe else request_id)


@contextmanager
def bound(context: RequestContext) -> Iterator[None]:
    """Make ``context`` the current one, for this block and for every log line in it."""
    token = _current.set(context)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=context.request_id, correlation_id=context.correlation_id)
    try:
        yield
    finally:
        structlog.contextvars.clear_contextvars()
        _current.reset(token)
