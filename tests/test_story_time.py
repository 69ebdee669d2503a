"""Times are exact."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixray_motion.tracks.time import Time, parse_time, round_half_up
from pixray_motion.wording import InvalidValue

EXAMPLES = {
    "0": Time(Fraction(0), "s"),
    "0.0": Time(Fraction(0), "s"),
    "48f": Time(Fraction(48), "f"),
    "4s": Time(Fraction(4), "s"),
    "8.3s": Time(Fraction(83, 10), "s"),
    ".5s": Time(Fraction(1, 2), "s"),
    "5.s": Time(Fraction(5), "s"),
    "012s": Time(Fraction(12), "s"),
    "1:30": Time(Fraction(90), "s"),
    "0:04.25": Time(Fraction(17, 4), "s"),
    "90:00": Time(Fraction(5400), "s"),
    "1:02:03.5": Time(Fraction(7447, 2), "s"),
    "12.5%": Time(Fraction(25, 2), "%"),
}


@pytest.mark.parametrize(("text", "time"), EXAMPLES.items())
def test_times_are_read(text: str, time: Time) -> None:
    assert parse_time(text) == time


REFUSED = [
    "",
    "4",
    "-1s",
    "+1s",
    "1.5f",
    "4 s",
    "4S",
    "1e3s",
    "1_0s",
    "٣s",
    "1:5",
    "1:60",
    "1:60:00",
    "::",
    "s",
    "4sf",
]
WEIRD = [
    "nan",
    "inf s",
    "9" * 41 + "s",
    "½s",
    "1/2s",
    "0x1s",
    "true",
    "1:00:00:00",
    "4s\n",
    "50%%",
    "1:00:00%",
]


@pytest.mark.parametrize("text", REFUSED + WEIRD)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_time(text)


@given(st.integers(0, 10**9), st.integers(0, 10**6 - 1))
def test_decimals_are_exact(whole: int, millionths: int) -> None:
    time = parse_time(f"{whole}.{millionths:06}s")
    assert time.amount == whole + Fraction(millionths, 10**6)


@given(st.integers(0, 999), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_timecodes_are_exact(hours: int, minutes: int, seconds: int, thousandths: int) -> None:
    time = parse_time(f"{hours}:{minutes:02}:{seconds:02}.{thousandths:03}")
    assert time.amount == hours * 3600 + minutes * 60 + seconds + Fraction(thousandths, 1000)


def test_where_floats_would_be_a_frame_off() -> None:
    assert parse_time("8.3s").frames(Fraction(30)) == 249
    assert parse_time("1001s").frames(Fraction(24000, 1001)) == 24000


@given(st.fractions(0, 1000, max_denominator=1000))
def test_rounding_is_half_up(frames: Fraction) -> None:
    rounded = round_half_up(frames)
    assert -Fraction(1, 2) < rounded - frames <= Fraction(1, 2)


def test_ten_thousand_times_are_exact() -> None:
    """At a rate that no float holds: whole arithmetic, done here in another way."""
    rng, rate = random.Random(0), Fraction(24000, 1001)
    for _ in range(10_000):
        hours, minutes, seconds, thousandths = (rng.randrange(end) for end in (30, 60, 60, 1000))
        whole = Fraction(((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths, 1000)
        for text in (
            f"{hours}:{minutes:02}:{seconds:02}.{thousandths:03}",
            f"{int(whole)}.{thousandths:03}s",
        ):
            frames = parse_time(text).frames(rate)
            assert frames * 1001 == whole * 24000
            assert abs(round_half_up(frames) - frames) <= Fraction(1, 2)
        assert parse_time(f"{thousandths}f").frames(rate) == thousandths
