"""What is read in a typed answer."""

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.study.normal import normal_text, read_numbers


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("Softmax", "softmax"),
        ("  the soft-max!  ", "soft max"),
        ("Kullback–Leibler", "kullback leibler"),
        ("Élan", "elan"),
        ("a", "a"),  # not an article: nothing follows
        ("The", "the"),
        ("a key", "key"),
        ("theory", "theory"),
        ("KV_cache", "kv cache"),
        ("x²", "x2"),
        ("…?!", ""),
    ],
)
def test_signs_case_accents_and_articles_do_not_matter(typed, normal):
    assert normal_text(typed) == normal


@given(st.text(max_size=30))
def test_a_normal_text_is_its_own_normal_form_but_for_articles(text):
    normal = normal_text(text)
    assert normal == " ".join(normal.split())
    assert all(unicodedata.category(c)[0] in "LN" or c == " " for c in normal)
    assert normal_text(f"zz {normal}").endswith(normal)


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("0.941", (0.941,)),
        (".5", (0.5,)),
        ("5.", (5.0,)),
        ("+3", (3.0,)),
        ("−2", (-2.0,)),
        ("1/3", (1 / 3,)),
        ("-9 / 80", (-0.1125,)),
        ("12.5%", (0.125,)),
        ("1e3", (1000.0,)),
        ("1E-3", (0.001,)),
        ("2*10^3", (2000.0,)),
        ("2 × 10⁻³", (0.002,)),
        ("8.4·10²²", (8.4e22,)),
        ("0,75", (0.75,)),
        ("54,410", (54410.0, 54.41)),
        ("1,234,567", (1234567.0,)),
        ("1,234.5", (1234.5,)),
        ("54 410", (54410.0,)),
        ("16,89", (16.89,)),
        ("1,2345", (1.2345,)),
    ],
)
def test_a_number_may_be_written_in_many_ways(typed, numbers):
    assert read_numbers(typed) == pytest.approx(numbers, rel=1e-15)
    assert len(read_numbers(typed)) == len(numbers)


@pytest.mark.parametrize(
    "typed", ["", " ", "x", "1.2.3", "1/0", "1e999", "nan", "inf", "1e", "2e3*10^4", "10²²²²", "1/2/3", "٣", "7" * 41]
)
def test_what_is_no_number_is_not_guessed(typed):
    assert read_numbers(typed) == ()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_python_prints_is_read_back(x):
    assert read_numbers(repr(x)) == (x,)


@given(st.text(alphabet="0123456789.,/e+-−*·^%² 10", max_size=16))
def test_whatever_is_typed_gives_finite_numbers(text):
    assert all(math.isfinite(value) for value in read_numbers(text))
    assert len(read_numbers(text)) <= 2
