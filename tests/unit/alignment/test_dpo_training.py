"""The loop over pairs: on a tiny model that can learn to prefer, and on what it refuses."""

import dataclasses
import inspect
from functools import partial

import pytest
import torch

from llmcourse.alignment.dpo import dpo_loss
from llmcourse.alignment.dpo_training import Pair, chat_pair, pair_logprobs, prefer
from llmcourse.alignment.lora import frozen_base, inject
from llmcourse.alignment.preferences import simpo_loss
from llmcourse.alignment.sft import Example
from llmcourse.inference.chat import conversation_tokens
from llmcourse.language.bpe import Tokenizer
from llmcourse.learning.recipe import Recipe
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama

CONFIG = ModelConfig(vocab=13, width=16, layers=2, heads=2, ffn_width=32, context=16, tied=True)
RECIPE = Recipe(steps=12, batch=3, length=16, rate=0.02, weight_decay=0.0)
LOSS = partial(dpo_loss, beta=0.2)


def example(prompt, response):
    return Example((*prompt, *response), (*(False for _ in prompt), *(True for _ in response)))


@pytest.fixture
def pairs():
    """Five pairs of unequal lengths; every winner begins with a 1, every loser with a 2."""
    tails = [(3,), (4, 5), (6, 7, 8), (9,), (10, 11)]
    return [Pair(example((0, n), (1, *tail)), example((0, n), (2, *tail[:1]))) for n, tail in enumerate(tails, 3)]


@pytest.fixture
def tiny_chat():
    return Tokenizer.train("user assistant system", vocab_size=270, special=("<|im_start|>", "<|im_end|>"))


@pytest.fixture
def model():
    return Llama(CONFIG).initialize(torch.Generator().manual_seed(0), std=0.2)


def test_logprobs_of_pairs_do_not_depend_on_the_batch_or_on_what_stands_beside_them(model, pairs):
    with torch.no_grad():
        win, lose = pair_logprobs(model, pairs, batch=2)
        alone = [pair_logprobs(model, [pair]) for pair in pairs]
    torch.testing.assert_close(win, torch.cat([w for w, _ in alone]))
    torch.testing.assert_close(lose, torch.cat([lo for _, lo in alone]))
    for found, one in ((win[2], pairs[2].win), (lose[2], pairs[2].lose)):
        with torch.no_grad():
            logp = model(torch.tensor([one.tokens]))[0].log_softmax(-1)
        by_hand = sum(logp[t - 1, token] for t, token in enumerate(one.tokens) if one.counts[t])
        torch.testing.assert_close(found, by_hand)


def test_the_first_record_is_that_of_the_reference_and_the_preference_is_learned(model, pairs):
    inject(model, rank=2, targets=("to_q", "to_v", "gate"), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = pair_logprobs(model, pairs)
    records = list(prefer(model, pairs, RECIPE, loss=LOSS))
    assert records[0]["win"] == records[0]["lose"] == 0
    assert records[0]["loss"] == pytest.approx(torch.tensor(2.0).log().item(), abs=1e-6)
    with torch.no_grad():
        win, lose = pair_logprobs(model, pairs)
        with frozen_base(model):
            still = pair_logprobs(model, pairs)
    torch.testing.assert_close(still, before)  # the reference did not move
    assert ((win - before[0]) - (lose - before[1]) > 0).all()
    assert LOSS(win, lose, *before).item() < 0.6 < records[0]["loss"]


def test_the_same_seed_gives_the_same_training(pairs):
    def run():
        model = Llama(CONFIG).initialize(torch.Generator().manual_seed(0), std=0.2)
        return list(prefer(model, pairs, dataclasses.replace(RECIPE, steps=3), loss=LOSS))

    assert run() == run()


def test_a_reference_computed_before_is_used(model, pairs):
    with torch.no_grad():
        win, lose = pair_logprobs(model, pairs)
    step = dataclasses.replace(RECIPE, steps=1, batch=5)
    record = next(prefer(model, pairs, step, loss=LOSS, reference=(win - 2, lose)))
    assert record["win"] == pytest.approx(2.0, abs=1e-5)
    assert record["lose"] == pytest.approx(0.0, abs=1e-5)
    assert record["loss"] == pytest.approx(torch.tensor(-0.4).exp().log1p().item(), abs=1e-5)


def test_averaged_log_probabilities_are_divided_by_the_tokens_of_the_response_and_the_record_is_not(model, pairs):
    with torch.no_grad():
        win, lose = pair_logprobs(model, pairs)
    seen = []

    def loss(*four):
        seen.append([one.detach() for one in four])
        return simpo_loss(*four[:2], beta=2.0)

    step = dataclasses.replace(RECIPE, steps=1, batch=5)
    record = next(prefer(model, pairs, step, loss=loss, reference=(win - 2, lose + 3), averaged=True))
    lengths = torch.tensor([2.0, 3, 4, 2, 3]), torch.tensor([2.0, 2, 2, 2, 2])
    expected = [win / lengths[0], lose / lengths[1], (win - 2) / lengths[0], (lose + 3) / lengths[1]]
    for found, wanted in zip(seen[0], expected, strict=True):
        torch.testing.assert_close(found.sort().values, wanted.sort().values)  # the pairs come in a shuffled order
    assert (record["win"], record["lose"]) == (pytest.approx(2.0, abs=1e-5), pytest.approx(-3.0, abs=1e-5))


def test_refusals(model, pairs):
    with pytest.raises(ValueError, match=r"same prompt; these have \[2, 2\] tokens"):
        Pair(pairs[0].win, pairs[1].lose)
    with pytest.raises(ValueError, match=r"same prompt; these have \[3, 2\] tokens"):
        Pair(example((0, 3, 1), (1,)), example((0, 3), (1, 1)))
    with pytest.raises(ValueError, match="0 pairs"):
        next(prefer(model, [], RECIPE, loss=LOSS))
    wrong = (torch.zeros(5), torch.zeros(4))
    with pytest.raises(ValueError, match="5 and 4 log-probabilities, not 5"):
        next(inspect.unwrap(prefer)(model, pairs, RECIPE, loss=LOSS, reference=wrong))  # as without the shape checks
    with pytest.raises(FloatingPointError, match="nan at step 0"):
        next(prefer(model, pairs, RECIPE, loss=lambda *four: four[0].sum() * float("nan")))
    with pytest.raises(ValueError, match="0 parameters"):
        next(prefer(model.requires_grad_(False), pairs, RECIPE, loss=LOSS))


def test_a_pair_of_answers_shares_the_prompt_and_ends_only_if_it_did(tiny_chat):
    asked = [{"role": "user", "content": "Hi"}]
    ended, cut = (chat_pair(tiny_chat, asked, "no.", "No.", ended=how) for how in (True, False))
    before = conversation_tokens(tiny_chat, asked)
    end = tiny_chat.special["<|im_end|>"]
    assert list(ended.win.tokens) == [*before, *tiny_chat.encode("no."), end]
    assert list(cut.lose.tokens) == [*before, *tiny_chat.encode("No.")]
    assert sum(ended.win.counts) == len(tiny_chat.encode("no.")) + 1
    assert not any(ended.lose.counts[: len(before)])
    with pytest.raises(ValueError, match="0 characters"):
        chat_pair(tiny_chat, asked, "no", "")
