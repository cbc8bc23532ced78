"""Readers that remember against the model itself; speculative rounds on small random models."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from llmcourse.inference.cached import BeamReader, CachedReader
from llmcourse.inference.complete import complete
from llmcourse.inference.drafting import model_draft, speculate, truncated
from llmcourse.inference.generate import generate
from llmcourse.inference.sampling import greedy
from llmcourse.inference.searching import contrastive_search
from llmcourse.inference.sequences import one_hot
from llmcourse.inference.writer import Writer
from llmcourse.language.bpe import Tokenizer
from llmcourse.language.softmax import softmax
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama

CONFIG = ModelConfig(vocab=13, width=16, layers=3, heads=4, kv_heads=2, ffn_width=24, context=40, tied=True)


def small(seed: int, **changes) -> Llama:
    model = Llama(replace(CONFIG, **changes)).double().eval().requires_grad_(False)
    return model.initialize(torch.Generator().manual_seed(seed), std=0.6)


def rule(z):
    return softmax(z.astype(np.float64))


@pytest.fixture(scope="module")
def target():
    return small(0)


def from_scratch(model, tokens, last):
    return model(torch.tensor([tokens]))[0, -last:].numpy()


def test_a_reader_answers_as_the_model_wherever_the_text_changed(target, rng):
    reader = CachedReader(target)
    for _ in range(25):
        keep = int(rng.integers(0, len(reader.read) + 1))
        tokens = [*reader.read[:keep], *rng.integers(0, 13, size=int(rng.integers(1, 6))).tolist()][:30]
        last = int(rng.integers(1, len(tokens) + 1))
        assert_allclose(reader.logits(tokens, last=last), from_scratch(target, tokens, last))


def test_a_reader_reads_only_what_is_new(target):
    seen = []
    hook = target.register_forward_pre_hook(lambda module, args: seen.append(args[0].shape[1]))
    reader = CachedReader(target)
    reader.logits([1, 2, 3, 4, 5])
    reader.logits([1, 2, 3, 4, 5, 6, 7], last=2)
    reader.logits([1, 2, 3, 9], last=1)
    hook.remove()
    assert seen == [4, 1, 2, 1]


def test_rows_of_a_beam_are_those_of_the_model_through_reordering(target):
    prompt, reader = [3, 1, 4], BeamReader(target, [3, 1, 4], max_new=4)
    for prefixes in ([()], [(5,), (6,), (7,)], [(7, 1), (5, 2), (7, 0)], [(7, 0, 3)]):
        rows = reader(prefixes)
        for row, prefix in zip(rows, prefixes, strict=True):
            z = from_scratch(target, [*prompt, *prefix], 1)[0]
            assert_allclose(row, z - np.log(np.exp(z).sum()))


def test_greedy_speculation_is_greedy_whatever_the_draft(target):
    expected = list(generate(target, [3, 1, 4], choose=greedy, max_new=20))
    for draft in (
        model_draft(small(1), one_hot),
        model_draft(target, one_hot),
        model_draft(truncated(target, 1), one_hot),
    ):
        for gamma in (1, 4):
            rng = np.random.default_rng(0)
            rounds = speculate(target, [3, 1, 4], draft=draft, rule=one_hot, gamma=gamma, max_new=20, rng=rng)
            assert [token for one in rounds for token in one.tokens] == expected


def test_a_draft_that_is_the_target_fills_every_round(target, rng):
    rounds = list(speculate(target, [2, 7], draft=model_draft(target, rule), rule=rule, gamma=3, max_new=17, rng=rng))
    assert [len(one.tokens) for one in rounds] == [4, 4, 4, 4, 1]
    assert all(share > 1 - 1e-5 for one in rounds for share in one.agreement)


def test_sampled_texts_have_the_targets_law(target):
    """No frequency of the first two tokens is 4.5 standard errors away, and nothing is left of a bad draft."""
    rng, counts, n, prompt = np.random.default_rng(0), Counter(), 300, [2, 7]
    draft = lambda tokens: np.eye(13)[5] * 0.5 + 0.5 / 13  # noqa: E731
    for _ in range(n):
        rounds = speculate(target, prompt, draft=draft, rule=rule, gamma=2, max_new=2, rng=rng)
        counts[tuple(token for one in rounds for token in one.tokens)] += 1
    first = rule(from_scratch(target, prompt, 1)[0])
    for a in range(13):
        second = rule(from_scratch(target, [*prompt, a], 1)[0])
        for b, p in enumerate(first[a] * second):
            assert abs(counts[a, b] / n - p) < 4.5 * np.sqrt(p * (1 - p) / n) + 1 / n


def test_a_stop_token_is_the_last_of_the_text(target, rng):
    text = list(generate(target, [3, 1, 4], choose=greedy, max_new=20))
    stop = text[5]
    draft = model_draft(target, one_hot)
    rounds = speculate(target, [3, 1, 4], draft=draft, rule=one_hot, gamma=4, max_new=20, rng=rng, stop=[stop])
    assert [token for one in rounds for token in one.tokens] == text[: text.index(stop) + 1]


def test_the_agreement_is_the_chance_of_each_draft(target, rng):
    draft = small(1)
    rounds = speculate(target, [3], draft=model_draft(draft, rule), rule=rule, gamma=3, max_new=9, rng=rng)
    one, text = next(rounds), [3]
    for x, share in zip(one.drafted, one.agreement, strict=True):
        p, q = rule(from_scratch(target, text, 1)[0]), rule(from_scratch(draft, text, 1)[0])
        assert share == pytest.approx(1 - np.abs(p - q).sum() / 2, abs=1e-5)
        text.append(x)


def test_a_truncated_model_is_its_first_blocks_and_shares_them(target):
    short = truncated(target, 2)
    x = target.embed(torch.tensor([[1, 2, 3]]))
    full = small(0, layers=2)
    assert short.config.layers == 2
    assert short.blocks[1].ffn.down.weight is target.blocks[1].ffn.down.weight
    assert x.shape == (1, 3, 16)
    full.load_state_dict(short.state_dict())
    torch.testing.assert_close(short(torch.tensor([[1, 2, 3]])), full(torch.tensor([[1, 2, 3]])))
    assert target.config.layers == len(target.blocks) == 3


def test_contrastive_search_without_a_penalty_is_greedy(target):
    expected = list(generate(target, [3, 1, 4], choose=greedy, max_new=12))
    assert list(contrastive_search(target, [3, 1, 4], k=4, alpha=0.0, max_new=12)) == expected
    assert list(contrastive_search(target, [3, 1, 4], k=1, alpha=0.8, max_new=12)) == expected
    stop = expected[4]
    assert (
        list(contrastive_search(target, [3, 1, 4], k=1, alpha=0.8, max_new=12, stop=[stop]))
        == expected[: expected.index(stop)]
    )


TOKENIZER = Tokenizer.train("aaabdaaabac" * 9, vocab_size=260, special=("<|endoftext|>",))


def parrot(text: str):
    """Chooses the tokens of this text one after the other, whatever the model says."""
    ids = iter(TOKENIZER.encode(text, allow_special=True))
    return lambda z: next(ids)


def test_a_completion_says_why_it_ended_and_what_was_cut():
    model = small(4, vocab=len(TOKENIZER))

    def write(text, max_new=20, strings=("STOP",)):
        return complete(
            model,
            TOKENIZER,
            [5],
            choose=parrot(text),
            max_new=max_new,
            stop=TOKENIZER.special.values(),
            strings=strings,
        )

    whole = write("xyzzy", max_new=3)
    assert (whole.text, whole.reason, whole.cut, len(whole.tokens)) == ("xyz", "length", "", 3)
    ended = write("hi<|endoftext|>never")
    assert (ended.text, ended.reason, ended.cut, len(ended.tokens)) == ("hi", "stop token", "", 2)
    cut = write("one STOP two")
    assert (cut.text, cut.reason, cut.cut, len(cut.tokens)) == ("one ", "stop string", "STOP", 8)
    made = Writer(model, TOKENIZER, (0,), (0,))
    assert "".join(made.write("x", choose=parrot("one STOP two"), strings=("STOP",))) == "one "


def test_refusals(target, rng):
    draft = model_draft(target, rule)
    with pytest.raises(ValueError, match="gamma must draft at least 1 token, got 0"):
        speculate(target, [1], draft=draft, rule=rule, gamma=0, max_new=3, rng=rng)
    with pytest.raises(ValueError, match="max_new must be at least 1, got 0"):
        speculate(target, [1], draft=draft, rule=rule, gamma=2, max_new=0, rng=rng)
    with pytest.raises(ValueError, match="the prompt is empty"):
        speculate(target, [], draft=draft, rule=rule, gamma=2, max_new=3, rng=rng)
    other = model_draft(small(2, vocab=11), rule)
    with pytest.raises(ValueError, match="one vocabulary, got 13 and 11 tokens"):
        list(speculate(target, [1], draft=other, rule=rule, gamma=2, max_new=3, rng=rng))
    with pytest.raises(ValueError, match="the prompt is empty"):
        BeamReader(target, [], max_new=2)
    reader = BeamReader(target, [1], max_new=3)
    reader([()])
    with pytest.raises(ValueError, match=r"the beginning of \(4, 5\) was not among"):
        reader([(4, 5)])
    for last in (0, 4):
        with pytest.raises(ValueError, match=f"between 1 and the 3 tokens of the text, got {last}"):
            CachedReader(target).logits([1, 2, 3], last=last)
    for layers in (0, 4):
        with pytest.raises(ValueError, match=f"between 1 and the model's 3, got {layers}"):
            truncated(target, layers)
    for settings, message in [
        ({"tokens": []}, "the prompt is empty"),
        ({"k": 0}, "at least 1 candidate, got 0"),
        ({"max_new": 0}, "max_new must be at least 1, got 0"),
        ({"alpha": 1.5}, r"between 0 and 1, got 1\.5"),
    ]:
        with pytest.raises(ValueError, match=message):
            contrastive_search(target, **{"tokens": [1], "k": 3, "alpha": 0.6, "max_new": 4} | settings)
