"""The schedule names tasks that exist, on the queue where they belong."""

import pytest

from diboas.celery import app
from diboas.schedule import QUEUES, SCHEDULE
from diboas.settings import jobs

LEASE_S = 60
READS_ONLY = {"health.check_books"}  # claims no rows, so no lease can end under it


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    app.loader.import_default_modules()


@pytest.mark.parametrize("name", SCHEDULE)
def test_a_scheduled_task_exists_and_runs_on_its_own_queue(name: str) -> None:
    entry = SCHEDULE[name]

    task = app.tasks[entry["task"]]

    # A task without a queue of its own goes wherever the entry says.
    assert getattr(task, "queue", None) in {None, entry["options"]["queue"]}
    assert entry["options"]["queue"] in QUEUES
    assert entry["options"]["expires"] >= entry["schedule"]


def test_every_task_of_ours_names_a_queue_and_dies_before_its_lease_ends() -> None:
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}

    scheduled = {entry["task"] for entry in SCHEDULE.values()}
    homeless = {name for name, task in ours.items() if getattr(task, "queue", None) not in QUEUES}
    assert homeless - scheduled == set()
    slow = {name for name, task in ours.items() if (task.time_limit or jobs.CELERY_TASK_TIME_LIMIT) >= LEASE_S}
    assert slow - READS_ONLY == set()
