"""The HTTP server's entry (granian, WSGI)."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "diboas.settings.dev")
application = get_wsgi_application()

# What is loaded now lives as long as the process: looking through it again stops every request for 0.1 s or more.
gc.collect()
gc.freeze()
