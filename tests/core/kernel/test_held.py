"""A held value is loaded once per period, and never when loading fails."""

import time

import pytest

from core.kernel import held


def test_value_is_loaded_once_while_it_is_fresh():
    loads = []
    value = held.Held(lambda: loads.append(1) or len(loads), seconds=60)

    assert [value.get(), value.get(), value.get()] == [1, 1, 1]
    assert len(loads) == 1


def test_old_copy_is_loaded_again():
    loads = []
    value = held.Held(lambda: loads.append(1) or len(loads), seconds=0.01)

    value.get()
    time.sleep(0.02)

    assert value.get() == 2


def test_forgotten_copies_are_loaded_again():
    loads = []
    value = held.Held(lambda: loads.append(1) or len(loads), seconds=60)

    value.get()
    value.forget()
    value.get()
    held.forget_all()

    assert value.get() == 3


def test_failing_load_is_raised_and_tried_again():
    answers = iter([ValueError("no"), "yes"])

    def load():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    value = held.Held(load, seconds=60)

    with pytest.raises(ValueError, match="no"):
        value.get()
    assert value.get() == "yes"
