"""Settings that hold in every environment: the matters put together, and Django's own."""

import django_stubs_ext

from diboas.settings import env
from diboas.settings.api import *
from diboas.settings.chains import *
from diboas.settings.console import *
from diboas.settings.data import *
from diboas.settings.jobs import *
from diboas.settings.logs import *
from diboas.settings.market import *
from diboas.settings.providers import *
from diboas.settings.security import *

# Lets Django's generic classes take their parameter at run time, as mypy wants them written.
django_stubs_ext.monkeypatch()

DIBOAS_ENV = "base"
VAR = env.var()
DEBUG = False
AUTH_USER_MODEL = "identity.User"
ROOT_URLCONF = "diboas.urls"
WSGI_APPLICATION = "diboas.wsgi.application"
ASGI_APPLICATION = "diboas.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
APPEND_SLASH = False
EMAIL_BACKEND = env.text("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.whole("EMAIL_PORT", 25)
EMAIL_TIMEOUT = 10
EMAIL_FILE_PATH = str(VAR / "mail")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "diBoaS <no-reply@diboas.example>")

THIRD_PARTY_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "axes",
    "csp",
    "django_structlog",
]
CORE_APPS = [
    "core.resilience",
    "core.encryption",
    "core.audit",
    "core.outbox",
    "core.identity",
    "core.api",
    "core.console",
    "core.ledger",
    "core.fees",
    "core.providers",
    "core.chains",
    "core.market",
    "core.routing",
    "core.quotes",
    "core.orchestration",
    "core.wallet",
    "core.compliance",
    "core.webhooks",
    "core.realtime",
    "core.notifications",
    "core.health",
]
DOMAIN_APPS = ["banking", "investing", "defi"]
INSTALLED_APPS = [*THIRD_PARTY_APPS, *CORE_APPS, *DOMAIN_APPS, "diboas"]

MIDDLEWARE = [
    "core.api.middleware.ContextMiddleware",  # first: every answer carries its ids
    "django.middleware.security.SecurityMiddleware",
    "diboas.doors.MachineDoorMiddleware",  # ends here for machines
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "diboas.policy.ConsolePolicyMiddleware",
    "axes.middleware.AxesMiddleware",
]
# Below these nobody has a session (ADR 0043).
MACHINE_DOORS = [
    "/api/v1/banking/",
    "/api/v1/investing/",
    "/api/v1/defi/",
    "/api/v1/quotes",
    "/api/v1/transactions",
    "/webhooks/",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [env.ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ]
        },
    }
]
CONSOLE_PATH = "console/"
STATIC_URL = "/static/"
STATIC_ROOT = str(VAR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
