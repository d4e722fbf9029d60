"""The short way for machines: what moves money and what providers send needs no session, no cookie, no page."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from csp.utils import build_policy
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase


class Views(BaseHandler):
    """Django's own way from an address to its view's answer, without any middleware in between."""

    def __init__(self) -> None:
        self._view_middleware: list[object] = []
        self._template_response_middleware: list[object] = []
        self._exception_middleware: list[object] = []
        way = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]  # missing in its stubs
        self.answer = cast("Callable[[HttpRequest], HttpResponseBase]", way)


class MachineDoorMiddleware:
    """Lead the paths of ``MACHINE_DOORS`` straight to their views, past the middleware of people with browsers.

    The answers carry what the middleware that is left out would have put on them (ADR 0043). Whoever comes by these
    paths brings a bearer token or a signature: a session would not be looked at there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._long_way = get_response
        self._short_way = Views().answer
        self._doors = tuple(settings.MACHINE_DOORS)
        self._headers = {"X-Frame-Options": settings.X_FRAME_OPTIONS, "Content-Security-Policy": build_policy()}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(self._doors):
            return self._long_way(request)
        request.get_host()
        response = self._short_way(request)
        for name, value in self._headers.items():
            response.headers.setdefault(name, value)
        if isinstance(response, HttpResponse) and "Content-Length" not in response.headers:
            response.headers["Content-Length"] = str(len(response.content))
        return response
