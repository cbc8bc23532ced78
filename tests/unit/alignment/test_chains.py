"""The task: Python's own arithmetic is the oracle."""

import re

import numpy as np
import pytest

from llmcourse.alignment.chains import SYMBOLS, decode, demonstrations, encode, is_right, questions, results


def by_python(text):
    value, found = int(text[0]), []
    for operation, digit in re.findall(r"([+*])(\d)", text):
        value = (value + int(digit) if operation == "+" else value * int(digit)) % 10
        found.append(value)
    return found


def asked(count=50, seed=0, **options):
    return questions(count, steps=4, rng=np.random.default_rng(seed), **options)


def test_each_symbol_comes_back():
    assert decode(encode(SYMBOLS)) == SYMBOLS


def test_questions_have_the_form_of_a_chain_and_both_operations():
    texts = [decode(row) for row in asked()]
    assert all(re.fullmatch(r"\d([+*][2-9]){4}=", text) for text in texts)
    assert {"+", "*"} <= set("".join(texts))


def test_results_are_pythons():
    rows = asked(200)
    assert results(rows).tolist() == [by_python(decode(row)) for row in rows]


def test_a_perfect_demonstrator_is_always_right_with_working_and_without():
    rows, rng = asked(200), np.random.default_rng(1)
    for share in (0.0, 1.0):
        told = demonstrations(rows, worked=share, slips=0.0, rng=rng)
        assert is_right(rows, told).all()
        assert {len(row) for row in told} == ({7} if share else {3})


def test_slips_cost_what_their_number_says():
    rows, rng = asked(20_000), np.random.default_rng(1)
    without = is_right(rows, demonstrations(rows, worked=0.0, slips=0.1, rng=rng)).mean()
    worked = is_right(rows, demonstrations(rows, worked=1.0, slips=0.1, rng=rng)).mean()
    assert without == pytest.approx(0.91, abs=0.01)  # a random digit is right one time in ten
    assert 0.91**4 < worked < 0.91  # a slip is sometimes mended by what follows: · 5, for instance


def test_working_goes_on_from_its_slips():
    rows = asked(500)
    told = demonstrations(rows, worked=1.0, slips=0.3, rng=np.random.default_rng(2))
    last = [(row, answer) for row, answer in zip(rows, told, strict=True) if answer[2] != results(row[None])[0, 2]]
    assert last
    right = sum(answer[3] == by_python(f"{answer[2]}{decode(row[7:9])}")[0] for row, answer in last)
    assert 0.6 < right / len(last) < 0.85  # 1 − 0.3 · 0.9


def test_the_checker_looks_at_the_end_alone():
    row = np.array([encode("3+4*7+9*3=")] * 6)
    told = [">4.", "0000>4.", ">4", ">5.", "4.", ">4.."]
    assert is_right(row, [encode(text) for text in told]).tolist() == [True, True, False, False, False, False]


def test_held_out_questions_do_not_come():
    all_but_few = questions(5000, steps=1, rng=np.random.default_rng(0))
    kept_out = np.unique(all_but_few, axis=0)[:100]
    drawn = questions(500, steps=1, rng=np.random.default_rng(1), without=kept_out)
    assert len(drawn) == 500
    assert not set(map(tuple, drawn.tolist())) & set(map(tuple, kept_out.tolist()))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: questions(0, steps=4, rng=np.random.default_rng(0)), "got 0 of 4"),
        (lambda: questions(5, steps=0, rng=np.random.default_rng(0)), "got 5 of 0"),
        (lambda: encode("3-4"), "'-' is none of"),
        (lambda: is_right(asked(3), [[1]]), "1 answers to 3 questions"),
        (lambda: demonstrations(asked(), worked=1.5, slips=0.0, rng=np.random.default_rng(0)), r"worked .* got 1\.5"),
        (lambda: demonstrations(asked(), worked=0.5, slips=-0.1, rng=np.random.default_rng(0)), r"slips .* got -0\.1"),
    ],
)
def test_refusals(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_with_all_questions_held_out_there_is_nothing_to_draw():
    everything = np.unique(questions(20_000, steps=1, rng=np.random.default_rng(0)), axis=0)
    assert len(everything) == 160
    with pytest.raises(ValueError, match="160 held-out questions leave none"):
        questions(1, steps=1, rng=np.random.default_rng(1), without=everything)
