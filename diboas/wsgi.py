"""The HTTP server's entry (granian, WSGI)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "diboas.settings.dev")
application = get_wsgi_application()
