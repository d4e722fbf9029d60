"""The settings that identity needs, imported by the project's settings with ``*``. No Django in here."""

from datetime import timedelta

import environ

_env = environ.Env()
_VALIDATORS = "django.contrib.auth.password_validation"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
TEST_PASSWORD_HASHERS = ["core.identity.hashers.CheapArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ["email"]}},
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATORS}.NumericPasswordValidator"},
]

# Revoking a token is deleting its session row, so sessions must be rows and not signed cookies or a cache.
SESSION_ENGINE = "django.contrib.sessions.backends.db"

ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"

HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "allauth.headless.tokens.strategies.jwt.JWTTokenStrategy"  # noqa: S105 - a path, no secret
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 300
HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN = 14 * 86_400
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
HEADLESS_JWT_ROTATE_REFRESH_TOKEN = True

MFA_ADAPTER = "core.identity.mfa_adapter.EncryptingAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "diBoaS"
MFA_TOTP_TOLERANCE = 1

# A combination, so that nobody can lock somebody else out from another address; the rate limit per address and the
# cost of Argon2 bound the rest.
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"
AXES_CLIENT_IP_CALLABLE = "core.identity.addresses.of_request"
AXES_LOCKOUT_CALLABLE = "core.api.handlers.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

SIGN_IN_RATE = _env.str("SIGN_IN_RATE", default="5/minute")
TRUSTED_PROXIES = _env.int("TRUSTED_PROXIES", default=0)
