"""The fixture that real-commit tests stand on."""

import threading

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from tests import databases


def test_a_clone_is_reached_by_threads_and_sees_commits(committed_db: databases.Clone) -> None:
    seen: list[object] = []

    def look() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_database(), count(*) FROM django_content_type WHERE app_label = 'zzz'")
                seen.append(cursor.fetchone())
        finally:
            connection.close()

    with transaction.atomic():
        ContentType.objects.create(app_label="zzz", model="zzz")
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [(committed_db.name, 1)]


@pytest.mark.django_db
def test_a_commit_in_a_clone_is_not_seen_elsewhere() -> None:
    assert not ContentType.objects.filter(app_label="zzz").exists()
