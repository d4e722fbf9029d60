"""The words that the modules of the sandbox exchange."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

# A JSON object as it came or goes. Any is honest here: a provider's JSON has no type of ours.
Json = dict[str, Any]

JSON_TYPE = (b"content-type", b"application/json")


@dataclass(slots=True, kw_only=True)
class Request:
    """One HTTP request, read to its end. Header names are lower-case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    transport: asyncio.Transport | None = None


@dataclass(slots=True, kw_only=True)
class Answer:
    """One HTTP response."""

    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    content_type: bytes = b"application/json"


def json_answer(value: object, *, status: int = 200) -> Answer:
    """Return a response whose body is the value as JSON."""
    return Answer(status=status, body=orjson.dumps(value))


def html_answer(text: str, *, status: int = 200) -> Answer:
    """Return a response whose body is a page."""
    return Answer(status=status, body=text.encode(), content_type=b"text/html; charset=utf-8")
