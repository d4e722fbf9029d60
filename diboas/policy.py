"""Headers that differ by path: the console's scripts need eval, nothing else may have it."""

from collections.abc import Callable
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase


class ConsolePolicyMiddleware:
    """Widen the content policy on the console's path only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.prefix = f"/{settings.CONSOLE_PATH}"
        directives: Any = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        # Alpine evaluates its attributes and sets inline styles (unfold). With a nonce in the list a browser would
        # ignore 'unsafe-inline', so the styles' list is replaced.
        self.replace: dict[str, Any] = {
            "script-src": [*directives["script-src"], UNSAFE_EVAL],
            "style-src": [SELF, UNSAFE_INLINE],
        }

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith(self.prefix):
            response._csp_replace = self.replace  # type: ignore[attr-defined]  # django-csp reads it from the response
        return response
