"""The choice among providers: exact scores, preferences, ties, speed."""

import time
from decimal import Decimal

import pytest

from core.kernel.money import Money
from core.routing import scoring

WEIGHTS = scoring.Weights(version=1, health=50, cost=30, speed=20)


def candidate(provider, health="1", cents=100, eta=10, **rest):
    return scoring.Candidate(
        provider=provider, health=Decimal(health), cost=Money.of(cents, "USD"), eta_seconds=eta, **rest
    )


def scores(decision):
    return {one.candidate.provider: str(one.score) for one in decision.candidates}


def test_single_candidate_scores_full_marks():
    decision = scoring.score(candidates=[candidate("stripe")], weights=WEIGHTS)

    assert decision.chosen == "stripe"
    assert scores(decision) == {"stripe": "1.0000"}


def test_scores_are_health_50_cost_30_speed_20_relative_to_the_best():
    decision = scoring.score(candidates=[candidate("a", "0.9", 199, 9), candidate("b", "1", 99, 99)], weights=WEIGHTS)

    by_name = {one.candidate.provider: one for one in decision.candidates}
    assert [str(by_name["a"].health), str(by_name["a"].cost), str(by_name["a"].speed)] == ["0.9000", "0.5000", "1.0000"]
    assert [str(by_name["b"].health), str(by_name["b"].cost), str(by_name["b"].speed)] == ["1.0000", "1.0000", "0.1000"]
    assert scores(decision) == {"a": "0.8000", "b": "0.8200"}
    assert decision.chosen == "b"
    assert decision.ranking == ("b", "a")


def test_preference_shifts_cost_against_speed():
    pair = [candidate("cheap", cents=99, eta=99), candidate("fast", cents=199, eta=9)]

    for_cost = scoring.score(candidates=pair, weights=WEIGHTS, speed_preference=Decimal(0))
    for_speed = scoring.score(candidates=pair, weights=WEIGHTS, speed_preference=Decimal(1))

    assert (for_cost.chosen, scores(for_cost)) == ("cheap", {"cheap": "1.0000", "fast": "0.7500"})
    assert (for_speed.chosen, scores(for_speed)) == ("fast", {"fast": "1.0000", "cheap": "0.5500"})


@pytest.mark.parametrize("preference", [None, Decimal(0), Decimal("0.5"), Decimal(1)])
def test_health_keeps_half_whatever_is_preferred(preference):
    decision = scoring.score(
        candidates=[candidate("sick", "0.01", 0, 0), candidate("sound", "1", 1_000_000, 1_000_000)],
        weights=WEIGHTS,
        speed_preference=preference,
    )

    assert scores(decision)["sound"] >= "0.5000"
    assert Decimal(scores(decision)["sick"]) == Decimal("0.5050")


def test_ineligible_candidates_are_kept_with_their_reason_and_never_chosen():
    decision = scoring.score(
        candidates=[candidate("down", cents=1, eligible=False, why="breaker open"), candidate("up", "0.2", 900)],
        weights=WEIGHTS,
    )

    assert decision.chosen == "up"
    assert [one.candidate.provider for one in decision.candidates] == ["up", "down"]
    stored = decision.candidates[1].to_json()
    assert (stored["eligible"], stored["why"], stored["score"]) == (False, "breaker open", "0")
    assert scores(decision)["up"] == "1.0000"


def test_nobody_eligible_chooses_nobody():
    decision = scoring.score(candidates=[candidate("down", eligible=False, why="no cover")], weights=WEIGHTS)

    assert (decision.chosen, decision.ranking) == ("", ())
    assert scoring.score(candidates=[], weights=WEIGHTS).chosen == ""


def test_order_of_candidates_does_not_matter_and_ties_go_by_cost_speed_name():
    same = [candidate("b"), candidate("a"), candidate("c")]

    assert scoring.score(candidates=same, weights=WEIGHTS).ranking == ("a", "b", "c")
    assert scoring.score(candidates=same[::-1], weights=WEIGHTS).ranking == ("a", "b", "c")


def test_all_unhealthy_still_compares_cost_and_speed():
    decision = scoring.score(candidates=[candidate("dear", "0", 900), candidate("cheap", "0", 90)], weights=WEIGHTS)

    assert decision.chosen == "cheap"


def test_rendering_shows_two_places_and_no_raw_measurements():
    decision = scoring.score(candidates=[candidate("stripe", "0.98", 370, 4, why="best")], weights=WEIGHTS)

    assert scoring.render(candidates=[one.to_json() for one in decision.candidates]) == [
        {
            "provider": "stripe",
            "eligible": True,
            "why": "best",
            "score": "1.00",
            "health": "1.00",
            "cost": "1.00",
            "speed": "1.00",
            "fees_total": {"amount": "3.70", "asset": "USD"},
            "eta_seconds": 4,
        }
    ]


def test_ten_candidates_are_scored_in_well_under_the_budget(record_property):
    ten = [candidate(f"p{n}", f"0.{n + 1}", 100 + n * 37, 3 + n * 11) for n in range(10)]
    taken = []
    for _ in range(500):
        started = time.perf_counter()
        scoring.score(candidates=ten, weights=WEIGHTS, speed_preference=Decimal("0.3"))
        taken.append(time.perf_counter() - started)

    # The figure goes into the report, where it is read; a shared machine's clock is no judge of a build. What is
    # asserted is the median against a limit a hundred times as wide, which only a change of shape would break.
    record_property("scoring_p99_ms", round(sorted(taken)[494] * 1000, 3))
    assert sorted(taken)[250] < 0.03
