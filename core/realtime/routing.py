"""The addresses of the live server. ``application`` is what the project's ASGI module serves for WebSockets."""

from __future__ import annotations

from channels.routing import URLRouter
from django.urls import path

from core.realtime import consumer, ops

websocket_urlpatterns = [
    path("ws/v1/stream/", consumer.stream),  # type: ignore[arg-type]  # channels routes ASGI applications like views
    path("ws/v1/ops/", ops.tower),  # type: ignore[arg-type]  # the same
]
application = URLRouter(websocket_urlpatterns)  # type: ignore[arg-type]  # the same
