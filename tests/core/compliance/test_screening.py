"""Names are found whatever their case, accents, punctuation and order, and near misses are found too."""

import pytest

from core.compliance import models, screening
from core.kernel import held

pytestmark = pytest.mark.django_db


def match(text, *, kind="person", closeness=90):
    name = screening.Name(text=text, kind=kind)
    return screening.match(names=[name], closeness=closeness).get(name, ())


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ximena  Tenebrosa-Quimera", "quimera tenebrosa ximena"),
        ("QUIMERA, Ximena T\u00e9nebrosa", "quimera tenebrosa ximena"),
        ("Stra\u00dfe", "strasse"),
        ("O'Neil_Jr.", "jr neil o"),
        ("  ", ""),
        ("\uff21\uff22", "ab"),
    ],
)
def test_names_are_compared_without_case_accents_punctuation_and_order(text, plain):
    assert screening.normalise(text) == plain


@pytest.mark.parametrize(
    "text", ["Ximena Tenebrosa Quimera", "quimera ximena T\u00c9NEBROSA", "Tenebrosa, Ximena Quimera"]
)
def test_the_same_name_is_a_whole_hit(text):
    (hit,) = match(text)

    assert (hit.listed, hit.score, hit.kind) == ("Ximena Tenebrosa Quimera", 100, "person")


def test_a_close_name_is_a_hit_below_100():
    (hit,) = match("Ximena Tenebroza Quimera")

    assert (hit.listed, hit.score) == ("Ximena Tenebrosa Quimera", 95)


@pytest.mark.parametrize("text", ["Ann Example", "Ximena", "", "Baron", "Maximilian von Habsburg"])
def test_other_names_are_none(text):
    assert match(text) == ()


def test_closeness_decides():
    assert match("Ximena Tenebroza Quimera", closeness=96) == ()
    assert match("Ximena Tenebrosa Quimera", closeness=100)[0].score == 100


def test_handles_and_people_are_different_lists():
    assert match("shadow_syndicate", kind="handle")[0].score == 100
    assert match("shadow_syndicate") == ()


def test_inactive_entries_are_not_on_the_list():
    models.ScreeningEntry.objects.filter(kind="handle").update(is_active=False)
    held.forget_all()

    assert match("shadow_syndicate", kind="handle") == ()


def test_seeded_entries_are_stored_as_they_are_compared():
    for entry in models.ScreeningEntry.objects.all():
        assert entry.normalised == screening.normalise(entry.name)


def test_second_question_costs_no_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        match("Ann Example")
        match("Ann Example")
        match("Bob Example")
