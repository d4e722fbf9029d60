"""Settings: nothing secret has a default outside development, and every installation keeps to itself."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from kombu import Queue

from diboas.runner import checks, instance
from diboas.settings import env, jobs

FOLDER = Path(env.__file__).parent
DOMAINS = ("banking", "investing", "defi")


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of production, and nothing that development offers."""
    monkeypatch.setattr(env, "_offered", {})
    for name, value in checks.production().items():
        if name != "DJANGO_SETTINGS_MODULE":
            monkeypatch.setenv(name, value)
    return monkeypatch


def fresh(name: str) -> ModuleType:
    """Execute one settings module again, without replacing the one that is in force."""
    spec = importlib.util.spec_from_file_location(f"fresh_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("security", "SECRET_KEY"),
        ("security", "FIELD_KEYS"),
        ("security", "AUDIT_SIGNING_KEY"),
        ("api", "JWT_KEY"),
        ("providers", "STRIPE_API_KEY"),
        ("providers", "STRIPE_WEBHOOK_SECRETS"),
        ("providers", "INCREASE_API_KEY"),
        ("providers", "INCREASE_WEBHOOK_SECRETS"),
        ("providers", "INCREASE_ACCOUNT_ID"),
        ("data", "DATABASE_URL"),
        ("data", "REDIS_URL"),
    ],
)
def test_a_missing_secret_stops_the_start(production: pytest.MonkeyPatch, module: str, name: str) -> None:
    fresh(module)
    production.delenv(name)

    with pytest.raises(ImproperlyConfigured, match=f"{name} is not set"):
        fresh(module)


def test_an_empty_secret_is_a_missing_one(production: pytest.MonkeyPatch) -> None:
    production.setenv("SECRET_KEY", "")

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set"):
        fresh("security")


def test_production_passes_the_deployment_checks_without_a_note() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"],
        cwd=instance.ROOT,
        env=checks.production() | {"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_the_application_sets_its_role_and_the_owner_does_not(production: pytest.MonkeyPatch) -> None:
    production.setenv("DATABASE_ROLE", "diboas_app")
    assert "-c role=diboas_app" in fresh("data").DATABASES["default"]["OPTIONS"]["options"]

    production.setenv("DATABASE_ROLE", "")
    assert "role=" not in fresh("data").DATABASES["default"]["OPTIONS"]["options"]


def test_two_installations_differ_in_cookies_and_channels(production: pytest.MonkeyPatch, tmp_path: Path) -> None:
    production.delenv("DIBOAS_INSTANCE", raising=False)
    names = set()
    for folder in ("one", "two"):
        production.setenv("DIBOAS_VAR", str(tmp_path / folder))
        data = fresh("data")
        names.add((data.INSTANCE, data.CHANNEL_LAYERS["default"]["CONFIG"]["prefix"]))

    assert len(names) == 2
    assert {prefix for _, prefix in names} == {f"diboas-{name}" for name, _ in names}


def test_a_message_goes_to_its_queue_only() -> None:
    bound = [(queue.name, queue.exchange.name, queue.routing_key) for queue in queues()]

    assert bound == [(name, name, name) for name in (*DOMAINS, "webhooks", "notifications", "housekeeping")]


def test_rabbitmq_gets_quorum_queues_with_a_delivery_limit(production: pytest.MonkeyPatch) -> None:
    production.setenv("CELERY_BROKER_URL", "amqps://rabbitmq.example/diboas")
    settings = fresh("jobs")

    arguments = [queue.queue_arguments for queue in settings.CELERY_TASK_QUEUES]

    assert arguments == [{"x-queue-type": "quorum", "x-delivery-limit": 5}] * (len(DOMAINS) + 3)
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["confirm_publish"] is True


def test_a_task_is_killed_before_its_lease_ends() -> None:
    assert jobs.CELERY_TASK_SOFT_TIME_LIMIT < jobs.CELERY_TASK_TIME_LIMIT < 60
    assert jobs.CELERY_TASK_ACKS_LATE
    assert jobs.CELERY_TASK_REJECT_ON_WORKER_LOST
    assert jobs.CELERY_WORKER_PREFETCH_MULTIPLIER == 1


def queues() -> list[Queue]:
    return list(jobs.CELERY_TASK_QUEUES)


def test_passwords_are_hashed_at_owasps_cost(production: pytest.MonkeyPatch) -> None:
    hasher = import_string(fresh("security").PASSWORD_HASHERS[0])()

    encoded = hasher.encode("correct horse battery staple", "saltsaltsalt")

    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.verify("correct horse battery staple", encoded)
    assert not hasher.verify("wrong horse", encoded)
    older = Argon2PasswordHasher().encode("correct horse", "saltsaltsalt")
    assert hasher.verify("correct horse", older)
    assert hasher.must_update(older)
