"""The live server's entry (uvicorn): WebSockets only, HTTP is served by diboas.wsgi."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "diboas.settings.dev")
get_asgi_application()  # sets Django up; its own HTTP handler is not served here

from core.realtime import routing  # noqa: E402 - its models need Django set up first

application = ProtocolTypeRouter({"websocket": routing.application})
