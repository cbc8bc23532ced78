import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.evaluation.likelihood import continuation_log_probabilities
from llmcourse.evaluation.tokenizations import count_spellings, log_sum, spellings
from llmcourse.language.bpe import Tokenizer
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama

TOKENS = [b"a", b"b", b"ab", b"ba", b"aba", b"bb"]


@given(st.text(alphabet="ab", min_size=1, max_size=8))
def test_every_row_spells_the_text_and_none_is_missing(text):
    """Against all rows of at most as many tokens as the text has bytes."""
    data = text.encode()
    rows = list(spellings(data, TOKENS))
    assert len(rows) == len(set(rows)) == count_spellings(data, TOKENS)
    assert all(b"".join(TOKENS[i] for i in row) == data for row in rows)
    if len(data) <= 4:
        tried = itertools.chain.from_iterable(itertools.product(range(6), repeat=n) for n in range(1, len(data) + 1))
        assert set(rows) == {row for row in tried if b"".join(TOKENS[i] for i in row) == data}


def test_with_every_substring_a_token_there_are_two_to_the_gaps():
    tokens = sorted({b"abcde"[i:j] for i in range(5) for j in range(i + 1, 6)})
    assert count_spellings(b"abcde", tokens) == 2**4


def test_a_tokenizers_own_row_is_one_of_them():
    tokenizer = Tokenizer.train("abababbabaab", vocab_size=262)
    assert tuple(tokenizer.encode("ababba")) in set(spellings(b"ababba", tokenizer.tokens))


def test_log_sum_is_the_logarithm_of_the_sum_even_where_exp_is_zero():
    assert log_sum(np.log(np.array([0.2, 0.3]))) == pytest.approx(math.log(0.5))
    assert log_sum(np.array([-2000.0, -2000.0])) == pytest.approx(-2000 + math.log(2))


@pytest.fixture(scope="module")
def model():
    config = ModelConfig(vocab=6, width=16, layers=2, heads=4, kv_heads=2, ffn_width=24, context=9, tied=True)
    made = Llama(config).initialize(torch.Generator().manual_seed(0), std=0.6)
    return made.double().requires_grad_(False).eval()


def test_all_texts_of_three_bytes_have_together_the_probability_of_a_border_there(model):
    """Exact, over every row of tokens that is three bytes long."""
    texts = ["".join(t).encode() for t in itertools.product("ab", repeat=3)]
    rows = [row for text in texts for row in spellings(text, TOKENS)]
    total = math.exp(log_sum(continuation_log_probabilities(model, [0, 1], rows, batch=5)))

    def border(context, left):
        """The chance that the tokens after ``context`` come to exactly ``left`` bytes, one token after another."""
        if left == 0:
            return 1.0
        p = model(torch.tensor([context]))[0, -1].softmax(-1)
        fitting = [(i, len(token)) for i, token in enumerate(TOKENS) if len(token) <= left]
        return sum(float(p[i]) * border([*context, i], left - size) for i, size in fitting)

    assert total == pytest.approx(border([0, 1], 3), rel=1e-5)  # float32 logits
    assert total < 1


def test_continuations_are_scored_as_one_by_one(model):
    rows = [(1, 2), (3,), (0, 5, 1), (4, 4), (2,)]
    ours = continuation_log_probabilities(model, [5, 0, 2], rows, batch=2)
    for row, found in zip(rows, ours, strict=True):
        logp = model(torch.tensor([[5, 0, 2, *row]]))[0].double().log_softmax(-1)
        assert found == pytest.approx(sum(float(logp[2 + i, token]) for i, token in enumerate(row)), abs=1e-5)


def test_refuses():
    with pytest.raises(ValueError, match="0 bytes"):
        count_spellings(b"", TOKENS)
    with pytest.raises(ValueError, match="3 tokens must be different and not empty; 2 differ"):
        count_spellings(b"a", [b"a", b"b", b"a"])
    with pytest.raises(ValueError, match="2 tokens must be different and not empty"):
        count_spellings(b"a", [b"a", b""])
    with pytest.raises(ValueError, match="has 0 spellings"):
        spellings(b"c", TOKENS)
    with pytest.raises(ValueError, match="has 6 spellings, not 1 to 5"):
        spellings(b"abab", TOKENS, limit=5)
    with pytest.raises(ValueError, match="0 log-probabilities"):
        log_sum(np.zeros(0))
    with pytest.raises(ValueError, match="1 of them NaN"):
        log_sum(np.array([0.0, np.nan]))


def test_refuses_continuations_that_cannot_be_scored(model):
    with pytest.raises(ValueError, match="a context of 0 tokens"):
        continuation_log_probabilities(model, [], [(1,)])
    with pytest.raises(ValueError, match=r"continuations of \[1, 0\]"):
        continuation_log_probabilities(model, [1], [(1,), ()])
    with pytest.raises(ValueError, match=r"continuations of \[\]"):
        continuation_log_probabilities(model, [1], [])
    with pytest.raises(ValueError, match="11 tokens are more than the context of 9"):
        continuation_log_probabilities(model, [1] * 8, [(1, 2, 3)])
