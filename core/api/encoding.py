"""JSON in and out. Amounts are strings, so no number of ours ever meets a float; a Decimal cannot even be written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any
from uuid import UUID

import orjson
from django.http import HttpResponse
from django.utils.functional import Promise
from rest_framework import exceptions, parsers, renderers

from core.kernel import clock

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS
_NUL = b"\\u0000"


class MalformedBody(exceptions.ParseError):
    """The body is not the JSON object that it should be."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail=detail, code="invalid_json")


def dumps(data: object) -> bytes:
    """Return ``data`` as JSON, moments in the contract's form.

    Raises: TypeError for what has no exact form in JSON, such as a Decimal.
    """
    return orjson.dumps(data, default=_plain, option=_OPTIONS)


def loads(raw: bytes) -> Any:
    """Read JSON. Raises: MalformedBody. NUL is refused because PostgreSQL cannot store it in text."""
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"The body is not JSON: {error.msg} at character {error.pos}.") from None
    if _NUL in raw and _has_nul(data):
        raise MalformedBody("The body contains a NUL character.")
    return data


def response(data: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return an answer that is rendered already: the lean way out of a view."""
    return HttpResponse(dumps(data), status=status, content_type="application/json", headers=dict(headers or {}))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return clock.rfc3339(value)
    if isinstance(value, (UUID, Promise)):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


def _has_nul(data: object) -> bool:
    if isinstance(data, str):
        return "\0" in data
    if isinstance(data, dict):
        return any(_has_nul(key) or _has_nul(value) for key, value in data.items())
    return isinstance(data, list) and any(map(_has_nul, data))


class JsonParser(parsers.BaseParser):
    """application/json by orjson."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return loads(stream.read())


class JsonRenderer(renderers.BaseRenderer):
    """application/json by orjson."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: object, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else dumps(data)
