"""Production: every secret comes from the environment, everything travels encrypted."""

import os

os.environ.setdefault("DATABASE_ROLE", "diboas_app")

from diboas.settings import env
from diboas.settings.base import *
from diboas.settings.data import DATABASES

DIBOAS_ENV = "prod"
DATABASES["default"]["OPTIONS"].setdefault("sslmode", env.text("DATABASE_SSLMODE", "verify-full"))
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
