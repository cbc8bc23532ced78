import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.inference.stopping import until


def run(pieces, strings):
    """What is yielded, and what was cut."""
    stream, shown = until(pieces, strings), []
    while True:
        try:
            shown.append(next(stream))
        except StopIteration as ending:
            return shown, ending.value


def test_a_string_in_one_piece_or_across_pieces():
    assert run(["one two STOP three"], ["STOP"]) == (["one two "], "STOP three")
    assert run(["one S", "TO", "P three", "never read"], ["STOP"]) == (["one "], "STOP three")
    assert run(["S", "TO", "MP"], ["STOP"]) == (["STOMP"], "")  # held back, and let go
    assert run(["aab"], ["ab"]) == (["a"], "ab")
    assert run(["a", "a", "b"], ["ab"]) == (["a"], "ab")


def test_what_might_become_a_string_waits_and_comes_out_at_the_end():
    assert run(["so far\n", "\nUs"], ["\n\nUser:"]) == (["so far", "\n\nUs"], "")


def test_of_two_strings_the_one_that_begins_first_ends_the_text():
    assert run(["ab", "c", "d"], ["abc", "b"]) == ([], "abc")
    assert run(["ab", "x"], ["abc", "b"]) == (["a"], "bx")  # the longer one did not come
    assert run(["ab"], ["abc", "b"]) == (["a"], "b")


def test_no_piece_is_taken_after_the_string():
    taken = []

    def pieces():
        for piece in ["a", "X", "b"]:
            taken.append(piece)
            yield piece

    assert run(pieces(), ["X"]) == (["a"], "X")
    assert taken == ["a", "X"]


@given(st.lists(st.text("abc", max_size=4), max_size=8), st.lists(st.text("abc", min_size=1, max_size=3), max_size=3))
def test_it_is_the_text_up_to_the_first_string_however_it_is_cut_into_pieces(pieces, strings):
    shown, cut = run(pieces, strings)
    text = "".join(pieces)
    at = min((text.find(string) for string in strings if string in text), default=len(text))
    assert "".join(shown) == text[:at]
    assert text[at:].startswith(cut)
    assert bool(cut) == (at < len(text))
    assert all(shown)


def test_an_empty_string_is_refused_at_once():
    with pytest.raises(ValueError, match="at least 1 character"):
        until(["a"], ["x", ""])
