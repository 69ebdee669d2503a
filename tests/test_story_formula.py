"""Formulas: the same values as Python's, and nothing but arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixray_motion.tracks.base import Clock
from pixray_motion.tracks.formula import CONSTANTS, Formula
from pixray_motion.tracks.formula_parser import compile_formula
from pixray_motion.wording import InvalidValue

CLOCK = Clock(Fraction(10), Fraction(4), 40)
PYTHON = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "sqrt": math.sqrt,
    "abs": abs,
    "min": min,
    "max": max,
    "exp": math.exp,
    "log": math.log,
    "floor": math.floor,
    "ceil": math.ceil,
    "clamp": lambda value, low, high: min(max(value, low), high),
    "__builtins__": {},
}


def value(text: str, frame: int = 0) -> float:
    return Formula(compile_formula(text), CLOCK).at(frame)


def python(text: str, frame: int = 0) -> float:
    scope = {"t": frame / 10, "f": float(frame), "T": 4.0, "F": 40.0, "p": frame / 40}
    return float(eval(text, PYTHON | CONSTANTS | scope))


numbers = st.one_of(
    st.integers(0, 99).map(str), st.floats(0, 99).map(lambda x: f"{x:.3f}"), st.sampled_from("tfTFp")
)
expressions = st.recursive(
    numbers | st.sampled_from(sorted(CONSTANTS)),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", "-", "*", "/", " % "]), inner).map("".join),
        inner.map("({})".format),
        inner.map("-{}".format),
        inner.map("({})**2".format),
        inner.map("sin({})".format),
        inner.map("abs({})".format),
        inner.map("floor({})".format),
        st.tuples(inner, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner).map(
            "({0[0]} {0[1]} {0[2]})".format
        ),
        st.tuples(inner, inner, inner).map("({0[0]} if {0[1]} else {0[2]})".format),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map("({0[0]} {0[1]} {0[2]})".format),
        inner.map("(not {})".format),
        st.tuples(inner, inner).map("min({0[0]}, {0[1]})".format),
        st.tuples(inner, inner, inner).map("clamp({0[0]}, {0[1]}, {0[2]})".format),
    ),
    max_leaves=12,
)


@given(expressions, st.integers(0, 39))
def test_values_are_pythons(text: str, frame: int) -> None:
    try:
        expected = python(text, frame)
    except (ArithmeticError, ValueError):
        return
    assert value(text, frame) == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


PRECEDENCE = "-2**2; 2**-1; 2**3**2; -7 % 3; 7 % -3; 1 - 2 - 3; 12 / 3 / 2; 2 * 3 % 4; --1; +1; 1e-3*.5; 5."
CALLS = "max(1, 2, 3); min(3, 2, 1); ceil(1.2); exp(1) - e; log(e); sqrt(2); tan(1); cos(tau); clamp(9, 1, 3)"


@pytest.mark.parametrize("text", f"{PRECEDENCE}; {CALLS}".split("; "))
def test_precedence_is_pythons(text: str) -> None:
    assert value(text, 7) == pytest.approx(python(text, 7), rel=1e-12, abs=1e-12)


def test_the_variables() -> None:
    assert [value(name, 10) for name in "tfTFp"] == [1.0, 10.0, 4.0, 40.0, 0.25]


def test_many_frames_at_once() -> None:
    frames = np.arange(40.0)
    assert np.array_equal(Formula(compile_formula("2*f + 1"), CLOCK).sample(frames), 2 * frames + 1)
    assert Formula(compile_formula("2*T"), CLOCK).sample(frames).shape == (40,)


REFUSED = {
    "": 1,
    "1 +": 4,
    "* 2": 1,
    "1 2": 3,
    "2t": 2,
    "(1": 3,
    "1)": 2,
    "()": 2,
    "sin()": 5,
    "sin": 1,
    "sin(1, 2)": 1,
    "max(1)": 1,
    "clamp(1, 2)": 1,
    "f(1)": 1,
    "x": 1,
    "1 + foo": 5,
    "t.real": 2,
    "t[0]": 2,
    "'a'": 1,
    "1 // 2": 4,
    "1 ^ 2": 3,
    "t = 1": 3,
    "1 if t": 7,
    "1 < ": 5,
    "not": 4,
    "lambda: 1": 7,
    "[1]": 1,
    "1_000": 2,
    "0x10": 2,
    "1j": 2,
    "٣": 1,
    "\uff54": 1,  # Python reads this wide t as t
    "inf": 1,
    "nan": 1,
    "1e999": 1,
    "2**65": 4,
    "9**9**9": 4,
    "2**(60+5)": 4,
    "2**-65": 4,
    "__import__('os')": 12,
    "t; t": 2,
    "1,5": 2,
    "0.1/s + 1": 5,
}


@pytest.mark.parametrize(("text", "column"), REFUSED.items())
def test_anything_else_is_refused_with_its_column(text: str, column: int) -> None:
    with pytest.raises(InvalidValue, match=f"at column {column}: ") as caught:
        compile_formula(text)
    assert caught.value.offset == column - 1


def test_depth_length_and_exponents_have_limits() -> None:
    compile_formula("(" * 32 + "t" + ")" * 32)
    compile_formula("+".join(["t"] * 250))
    compile_formula("2**64 + 2**-64")
    for text in ("(" * 33 + "t" + ")" * 33, "-" * 33 + "t", "sin(" * 33 + "t" + ")" * 33, "t**" * 33 + "t"):
        with pytest.raises(InvalidValue, match="deeper than 32"):
            compile_formula(text)
    with pytest.raises(InvalidValue, match="501 characters; the limit is 500"):
        compile_formula("1" * 501)
    assert math.isnan(value("2**f", 39 + 26))


@pytest.mark.parametrize(
    "text", ["1/(t-t)", "t % (f-f)", "sqrt(t-9)", "log(f-f)", "(t-9)**0.5", "exp(1000*f+1000)"]
)
def test_what_has_no_value_is_not_finite_and_makes_no_noise(text: str) -> None:
    assert not math.isfinite(value(text, 1))
