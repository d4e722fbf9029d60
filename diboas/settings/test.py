"""The test suite: development's settings with the slow and the shared things replaced."""

import os

os.environ.setdefault("DIBOAS_INSTANCE", "test")

from diboas.settings.dev import *
from diboas.settings.dev import DATABASES, MIDDLEWARE, STORAGES, TEST_PASSWORD_HASHERS

DIBOAS_ENV = "test"
# Tests hold one connection per thread; a pool would keep the test database from being dropped.
DATABASES["default"]["OPTIONS"].pop("pool", None)
PASSWORD_HASHERS = TEST_PASSWORD_HASHERS
# A test that wants a chain sets its own (fixture `chain`); a developer's must not leak in.
CHAINS = {}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = True
MIDDLEWARE = [name for name in MIDDLEWARE if "whitenoise" not in name]
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
