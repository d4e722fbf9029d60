"""Who may do what from where: passwords, cookies, headers, content policy, keys."""

from csp.constants import NONCE, NONE, SELF

from diboas.settings import data, env

SECRET_KEY = env.secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
FIELD_KEYS = env.secrets("FIELD_KEYS")
AUDIT_SIGNING_KEY = env.secret("AUDIT_SIGNING_KEY")

PASSWORD_HASHERS = [
    "diboas.passwords.LeanArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", "127.0.0.1,localhost")
BASE_URL = env.text("BASE_URL", "http://127.0.0.1:8000")
LIVE_URL = env.text("LIVE_URL", "ws://127.0.0.1:8001")
SANDBOX_URL = env.text("SANDBOX_URL")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

# Cookies ignore ports, so each installation on a host names its own.
SESSION_COOKIE_NAME = f"diboas_session_{data.INSTANCE}"
CSRF_COOKIE_NAME = f"diboas_csrf_{data.INSTANCE}"
LANGUAGE_COOKIE_NAME = f"diboas_language_{data.INSTANCE}"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, LIVE_URL],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
METRICS_ALLOW = env.items("METRICS_ALLOW", "127.0.0.0/8,::1/128")
