"""`python -m diboas.runner.checks`: what must hold besides lint, types and tests; shows every failure."""

import base64
import os
import secrets
import subprocess
import sys

from diboas.runner import instance

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "diboas.settings.prod",
    "DATABASE_URL": "postgres://diboas:secret@db.example:5432/diboas",
    "REDIS_URL": "rediss://redis.example:6379",
    "CELERY_BROKER_URL": "amqps://rabbitmq.example/diboas",
    "BASE_URL": "https://api.diboas.example",
    "LIVE_URL": "wss://live.diboas.example",
    "ALLOWED_HOSTS": "api.diboas.example",
    "FIELD_KEYS": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
}
SECRETS = (
    *("SECRET_KEY", "JWT_KEY", "AUDIT_SIGNING_KEY", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRETS"),
    *("INCREASE_API_KEY", "INCREASE_WEBHOOK_SECRETS", "INCREASE_ACCOUNT_ID"),
    *("KRAKEN_API_KEY", "KRAKEN_API_SECRET"),
)


def production() -> dict[str, str]:
    """Return an environment as production has it, with secrets made up on the spot."""
    return PRODUCTION | {name: secrets.token_urlsafe(50) for name in SECRETS}


def main() -> int:
    """Run every check and say how each went."""
    failed = [name for name, env, words in checks() if not passes(name=name, env=env, words=words)]
    print(f"{len(failed)} failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def checks() -> list[tuple[str, dict[str, str], tuple[str, ...]]]:
    tests = {"DJANGO_SETTINGS_MODULE": "diboas.settings.test"}
    return [
        ("settings of production", production(), ("check", "--deploy", "--fail-level", "INFO")),
        ("settings of tests", tests, ("check", "--fail-level", "INFO")),
        ("models and migrations agree", tests, ("makemigrations", "--check", "--dry-run")),
        ("docs are fresh", tests, ("write_docs", "--check")),
    ]


def passes(*, name: str, env: dict[str, str], words: tuple[str, ...]) -> bool:
    """Run one command of manage.py and print its output only when it fails."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *words],
        cwd=instance.ROOT,
        env=dict(os.environ) | env,
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"{'ok    ' if done.returncode == 0 else 'FAILED'}  {name}", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
