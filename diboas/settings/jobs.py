"""Celery: messages only wake things up, the plan is in PostgreSQL."""

from datetime import timedelta

from kombu import Exchange, Queue

from diboas.schedule import QUEUES, SCHEDULE
from diboas.settings import data, env

CELERY_BROKER_URL = env.text("CELERY_BROKER_URL") or data.REDIS_BROKER_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# For tasks that set none of their own. Drains do, below their lease of 30 s: they are killed before somebody else takes
# their rows, and the fencing number would refuse their writes anyway.
CELERY_TASK_TIME_LIMIT = 55
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_DEFAULT_QUEUE = "housekeeping"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# Without it the prefork worker closes its database pool after each task.
CELERY_DB_REUSE_MAX = 10_000
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_BEAT_SCHEDULE_FILENAME = str(env.var() / "beat.db")
CELERY_BEAT_MAX_LOOP_INTERVAL = 1

if CELERY_BROKER_URL.startswith("amqp"):
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    CELERY_WORKER_DETECT_QUORUM_QUEUES = True
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {"confirm_publish": True}
    _queue_arguments = {"x-queue-type": "quorum", "x-delivery-limit": 5}
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": int(timedelta(minutes=5).total_seconds()),
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
    }
    _queue_arguments = {}
# Each with an exchange of its own: left to the default, all of them would be bound to the same key and get everything.
CELERY_TASK_QUEUES = [
    Queue(name, exchange=Exchange(name), routing_key=name, queue_arguments=_queue_arguments) for name in QUEUES
]
