"""Where data lives: PostgreSQL is the truth; Redis wakes, locks and remembers for a while."""

from redis.backoff import NoBackoff
from redis.retry import Retry

from diboas.settings import env

DATABASES = {"default": env.env.db_url_config(env.secret("DATABASE_URL"))}
DATABASES["default"].update(
    ENGINE="django.db.backends.postgresql",
    CONN_MAX_AGE=0,  # the pool keeps connections; Django must not as well
    CONN_HEALTH_CHECKS=False,
)
# Migrations connect as the owner, the application as diboas_app, which has no right to change the append-only tables
# (ADR 0011).
DATABASE_ROLE = env.text("DATABASE_ROLE")
DATABASE_POOL_MAX = env.whole("DATABASE_POOL_MAX", 8)
DATABASES["default"]["OPTIONS"] = {
    "pool": {"min_size": 1, "max_size": DATABASE_POOL_MAX, "timeout": 10},
    "application_name": env.text("DIBOAS_ROLE", "manage"),
    "options": " ".join(
        [
            "-c lock_timeout=10s",
            "-c idle_in_transaction_session_timeout=60s",
            # Prepared statements and PL/pgSQL reach rows by key: one plan each. A plan for the very values of an array
            # looks cheaper to PostgreSQL, which would then plan most of them at every call.
            "-c plan_cache_mode=force_generic_plan",
            *([f"-c role={DATABASE_ROLE}"] if DATABASE_ROLE else []),
        ]
    ),
}

REDIS_URL = env.secret("REDIS_URL").rstrip("/")
REDIS_BROKER_URL, REDIS_CHANNELS_URL, REDIS_LOCKS_URL, REDIS_CACHE_URL = (f"{REDIS_URL}/{n}" for n in range(4))
INSTANCE = env.instance()

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_CACHE_URL,
        "KEY_PREFIX": INSTANCE,
        # The client's own default waits through ten seconds of retries; a cache that is away is a miss.
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1, "retry": Retry(NoBackoff(), 0)},
    }
}
CHANNEL_LAYERS = {
    "default": {
        # The default layer drops messages past a capacity; pokes go through pub/sub (ADR 0010).
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_CHANNELS_URL], "prefix": f"diboas-{INSTANCE}"},
    }
}
