"""The live server's entry (uvicorn): WebSockets only, HTTP is served by diboas.wsgi."""

import os

import django
from channels.routing import ProtocolTypeRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "diboas.settings.dev")
django.setup(set_prefix=False)

from core.realtime import routing  # noqa: E402 - its models need Django set up first

application = ProtocolTypeRouter({"websocket": routing.application})
