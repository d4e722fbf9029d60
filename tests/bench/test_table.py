"""The table of ratios: medians, range, and an honest verdict."""

import pytest

from bench.__main__ import Measure, main


def measure(*rates: tuple[float, float], floor: float) -> Measure:
    """Return a measure whose rounds bring these rates, ours and theirs."""
    ours, theirs = iter([rate[0] for rate in rates]), iter([rate[1] for rate in rates])
    made = Measure(name="m", ours=lambda: next(ours), beside="c3", theirs=lambda: next(theirs), floor=floor, goal=0.9)
    for _ in rates:
        made.take()
    return made


def test_the_ratio_is_the_median_of_the_rounds_and_not_of_the_rates() -> None:
    line = measure((10, 100), (60, 200), (20, 100), floor=0.2).line()

    assert line.split() == (
        "m 20/s c3 100/s 20.0% (10.0% to 30.0%) 20% / 90% reached".split()  # noqa: SIM905 - as it is printed
    )


def test_what_is_below_its_floor_says_so() -> None:
    assert measure((10, 100), floor=0.2).line().endswith("MISSED")


def test_what_has_no_floor_gets_no_verdict() -> None:
    assert "MISSED" not in measure((1, 100), floor=0).line()


@pytest.mark.parametrize("words", [["--rounds", "0"], ["--seconds", "0.5"], ["--only", "nothing"]])
def test_a_run_that_could_measure_nothing_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
