import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.language.bpe import Tokenizer
from llmcourse.learning import corpus
from llmcourse.learning.corpus import END, cut, packed, repeated_share

LINES = st.lists(st.text("ab ", max_size=9).map(lambda line: line + "\n"), min_size=40, max_size=200)


@given(lines=LINES, rest=st.text("ab", max_size=3))
def test_the_parts_are_the_text_and_each_is_whole_lines(lines, rest):
    text = "".join(lines) + rest
    parts = cut(text)
    assert sorted("".join(document for documents in parts.values() for document in documents).splitlines()) == sorted(
        text.splitlines()
    )
    for documents in parts.values():
        assert all(document in text for document in documents)


def test_eighteen_of_twenty_stretches_are_learned_from_and_the_others_alternate():
    text = "".join(f"{i:04d} in the beginning\n" for i in range(4000))
    parts = cut(text)
    assert {part: len(documents) for part, documents in parts.items()} == {"train": 4, "validation": 2, "test": 2}
    sizes = {part: sum(map(len, documents)) / len(text) for part, documents in parts.items()}
    assert sizes == pytest.approx({"train": 0.9, "validation": 0.05, "test": 0.05})
    assert text.startswith(parts["train"][0])
    in_order = [*zip(parts["train"][::2], parts["validation"], parts["train"][1::2], parts["test"], strict=True)]
    assert "".join("".join(four) for four in in_order) == text


def test_a_text_of_few_lines_is_refused():
    with pytest.raises(ValueError, match="a text of 39 lines cannot be cut into 40 stretches"):
        cut("a\n" * 39)


def test_the_corpus_has_plain_line_ends_and_no_mark_of_the_end_of_a_file(monkeypatch):
    monkeypatch.setattr(corpus.data, "read", lambda name: f"{name}\r\n" * 80 + "\x1a")
    made = corpus.course_corpus(["one", "two"])
    assert set(made.training_text) == set("onetw\n")
    assert made.training_text.count("one\n") == made.training_text.count("two\n") == 72
    assert all(documents for documents in (made.train, made.validation, made.test))


def test_packed_documents_stand_behind_the_end_of_text_token():
    tokenizer = Tokenizer.train("aaabdaaabac" * 5, vocab_size=260, special=(END,))
    ids = packed(tokenizer, ["aaab", "", f"d{END}"])
    assert ids == [0, *tokenizer.encode("aaab"), 0, 0, *tokenizer.encode(f"d{END}")]
    assert ids.count(0) == 3  # a document cannot say the token itself
    with pytest.raises(ValueError, match=r"the tokenizer has no <\|endoftext\|>; train it with special="):
        packed(Tokenizer.train("aaabdaaabac", vocab_size=257), ["a"])


def test_the_repeated_share_is_that_of_the_runs_of_words():
    seen = "in the beginning was the word"
    assert repeated_share(seen, seen, words=3) == 1
    assert repeated_share("the  beginning\nwas the end", seen, words=3) == pytest.approx(2 / 3)
    assert repeated_share("word the was", seen, words=3) == 0
    with pytest.raises(ValueError, match="the text has 2 words, too few for a run of 3"):
        repeated_share("two words", seen, words=3)
