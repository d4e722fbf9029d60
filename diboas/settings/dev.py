"""A developer's machine, and what `make run` starts.

The runner writes what it started (addresses, generated secrets) to var/run.env, so that `manage.py` commands typed by
hand reach the same instance.
"""

from diboas.settings import env

env.load(env.var() / "run.env")
env.offer(
    SECRET_KEY="development-only-secret-key-that-is-long-enough-to-be-accepted",  # noqa: S106 - offered to development only
    FIELD_KEYS="dev:ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMzJiISE=",
    AUDIT_SIGNING_KEY="development-only-audit-key-0123456789abcdef",
    JWT_KEY="development-only-jwt-key-0123456789abcdef-0123456789",
    DATABASE_URL="postgres://diboas@127.0.0.1:5432/diboas",
    REDIS_URL="redis://127.0.0.1:6379",
    STRIPE_API_KEY="sk_test_sandbox",
    STRIPE_WEBHOOK_SECRETS="whsec_c2FuZGJveC1zdHJpcGUtc2VjcmV0",
    INCREASE_API_KEY="sandbox_increase_key",
    INCREASE_WEBHOOK_SECRETS="whsec_c2FuZGJveC1pbmNyZWFzZS1zZWNyZXQ=",
    INCREASE_ACCOUNT_ID="account_sandbox",
    STRIPE_BASE_URL="http://127.0.0.1:8002/stripe",
    INCREASE_BASE_URL="http://127.0.0.1:8002/increase",
    KRAKEN_API_KEY="kraken_sandbox_key",
    KRAKEN_API_SECRET="dGhlIHNlY3JldCBvZiB0aGUgcHJldGVuZCBLcmFrZW4=",  # noqa: S106 - the sandbox's own
    KRAKEN_BASE_URL="http://127.0.0.1:8002",
    SANDBOX_URL="http://127.0.0.1:8002",
    EMAIL_BACKEND="django.core.mail.backends.filebased.EmailBackend",
)

from diboas.settings.base import *  # noqa: E402 - the offers above must come first

DIBOAS_ENV = "dev"
STORAGES["staticfiles"]["BACKEND"] = "whitenoise.storage.CompressedStaticFilesStorage"
WHITENOISE_USE_FINDERS = True
SILENCED_SYSTEM_CHECKS = ["security.W009"]
