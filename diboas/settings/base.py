"""Settings that hold in every environment."""

from datetime import timedelta

from diboas.settings.env import ROOT, VAR, env

SECRET_KEY = env.str("SECRET_KEY", default="")
DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
AUTH_USER_MODEL = "identity.User"
ROOT_URLCONF = "diboas.urls"
WSGI_APPLICATION = "diboas.wsgi.application"
ASGI_APPLICATION = "diboas.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

DJANGO_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
THIRD_PARTY_APPS = [
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "axes",
    "django_structlog",
]
CORE_APPS = [
    f"core.{name}"
    for name in (
        "resilience encryption audit outbox identity api console ledger fees providers routing quotes orchestration"
        " wallet compliance webhooks realtime notifications health"
    ).split()
]
DOMAIN_APPS = ["banking"]
INSTALLED_APPS = DJANGO_APPS + THIRD_PARTY_APPS + CORE_APPS + DOMAIN_APPS

DATABASES = {"default": env.db("DATABASE_URL", default="postgres://diboas:devpass@127.0.0.1:55432/diboas")}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 8, "timeout": 10}}
DATABASES["default"]["CONN_MAX_AGE"] = 0

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:56379")
