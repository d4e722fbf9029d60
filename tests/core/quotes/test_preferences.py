"""Preferences are read strictly; what is odd is named."""

from decimal import Decimal

import pytest

from core.kernel import errors
from core.quotes import preferences


def test_all_three_are_read_and_written_back():
    wishes = preferences.parse(data={"speed": 0.2, "max_fee_percent": "5", "max_slippage_bps": 50})

    assert wishes == preferences.Preferences(speed=Decimal("0.2"), max_fee_percent=Decimal(5), max_slippage_bps=50)
    assert preferences.parse(data=wishes.to_json()) == wishes


@pytest.mark.parametrize("data", [None, {}, {"speed": None}])
def test_nothing_given_is_no_preference(data):
    assert preferences.parse(data=data) == preferences.NONE
    assert preferences.NONE.to_json() == {}


@pytest.mark.parametrize(
    ("data", "code", "pointer"),
    [
        ([], "invalid_type", "/preferences"),
        ({"sped": 1}, "unknown_field", "/preferences/sped"),
        ({"speed": 1.01}, "invalid_preference", "/preferences/speed"),
        ({"speed": -0.1}, "invalid_preference", "/preferences/speed"),
        ({"speed": True}, "invalid_preference", "/preferences/speed"),
        ({"speed": "1e-1"}, "invalid_preference", "/preferences/speed"),
        ({"speed": float("nan")}, "invalid_preference", "/preferences/speed"),
        ({"max_fee_percent": "100.1"}, "invalid_preference", "/preferences/max_fee_percent"),
        ({"max_fee_percent": {}}, "invalid_preference", "/preferences/max_fee_percent"),
        ({"max_slippage_bps": 10_001}, "invalid_preference", "/preferences/max_slippage_bps"),
        ({"max_slippage_bps": "50"}, "invalid_preference", "/preferences/max_slippage_bps"),
        ({"max_slippage_bps": False}, "invalid_preference", "/preferences/max_slippage_bps"),
    ],
)
def test_odd_preferences_are_refused_by_name(data, code, pointer):
    with pytest.raises(errors.InvalidInput) as refused:
        preferences.parse(data=data)

    assert (refused.value.code, refused.value.pointer) == (code, pointer)
