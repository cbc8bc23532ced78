"""transformers' beam search and assisted generation on the same small weights; contrastive search from its formula.

transformers moved contrastive search out of its package, so its scores are recomputed here from transformers' hidden
states of whole texts, without a cache. Published: Leviathan et al. (2023), table 1.
"""

import warnings

import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import cosine_similarity

from llmcourse.inference.beam import beam_search
from llmcourse.inference.cached import BeamReader
from llmcourse.inference.drafting import model_draft, speculate
from llmcourse.inference.searching import contrastive_search
from llmcourse.inference.sequences import one_hot
from llmcourse.inference.speculative import operations, speedup
from tests.oracles.test_models_oracles import SMALL_LLAMA, our_llama, their_llama

PROMPTS = [[5, 17, 40], [60, 2, 9, 33], [8, 8, 1]]


@pytest.fixture(scope="module")
def pair():
    theirs = their_llama(SMALL_LLAMA, torch.float64)
    for parameter in theirs.parameters():
        parameter.data *= 0.6  # flatter than in the tests of the model: several beams stay alive
    return our_llama(theirs, SMALL_LLAMA, torch.float64), theirs


def generate(theirs, prompt, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of settings that do not apply
        tokens = torch.tensor([prompt])
        return theirs.generate(
            tokens,
            attention_mask=torch.ones_like(tokens),
            max_new_tokens=8,
            pad_token_id=1,
            do_sample=False,
            return_dict_in_generate=True,
            **settings,
        )


@pytest.mark.parametrize("alpha", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("width", [1, 3, 6])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_beam_search_and_its_scores_are_transformers(pair, prompt, width, alpha):
    ours, theirs = pair
    end = int(theirs(torch.tensor([prompt])).logits[0, -1].argsort(descending=True)[2])  # likely enough to end some
    found = beam_search(BeamReader(ours, prompt, max_new=8), width=width, max_new=8, end=end, length_penalty=alpha)
    if width == 1:  # their greedy loop, which has no scores of texts
        other = generate(theirs, prompt, eos_token_id=end).sequences[0, len(prompt) :].tolist()
        assert (
            list(beam_search(BeamReader(ours, prompt, max_new=8), width=1, max_new=8)[0].tokens)[: len(other)] == other
        )
        return
    other = generate(
        theirs, prompt, num_beams=width, num_return_sequences=width, length_penalty=alpha, early_stopping="never",
        eos_token_id=end, output_scores=True,
    )  # fmt: skip
    texts = [tuple(row[len(prompt) :].tolist()) for row in other.sequences]
    for one, text, score in zip(found, texts, other.sequences_scores.tolist(), strict=True):
        assert text[: len(one.tokens)] == one.tokens
        assert set(text[len(one.tokens) :]) <= {1}  # padding
        assert one.score == pytest.approx(score, abs=2e-6)  # theirs add up in float32


def test_some_of_those_beams_ended_before_the_last_token(pair):
    ours, theirs = pair
    end = int(theirs(torch.tensor([PROMPTS[0]])).logits[0, -1].argsort(descending=True)[2])
    found = beam_search(BeamReader(ours, PROMPTS[0], max_new=8), width=6, max_new=8, end=end)
    assert len({len(one.tokens) for one in found}) > 1


@pytest.mark.parametrize("gamma", [1, 3])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_greedy_speculation_is_transformers_greedy_and_assisted_text(pair, prompt, gamma):
    ours, theirs = pair
    other = their_llama(SMALL_LLAMA, torch.float64)
    expected = generate(theirs, prompt, eos_token_id=None).sequences[0, len(prompt) :].tolist()
    other.generation_config.eos_token_id = None
    assisted = generate(theirs, prompt, eos_token_id=None, assistant_model=other)
    assert assisted.sequences[0, len(prompt) :].tolist() == expected
    draft = model_draft(our_llama(other, SMALL_LLAMA, torch.float64), one_hot)
    rng = np.random.default_rng(0)
    rounds = speculate(ours, prompt, draft=draft, rule=one_hot, gamma=gamma, max_new=8, rng=rng)
    assert [token for one in rounds for token in one.tokens] == expected


@pytest.mark.parametrize("alpha", [0.2, 0.6])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_contrastive_search_is_its_formula_on_transformers_hidden_states(pair, prompt, alpha):
    ours, theirs = pair
    text = list(prompt)
    for _ in range(6):
        whole = theirs(torch.tensor([text]), output_hidden_states=True)
        p, ids = whole.logits[0, -1].softmax(-1).topk(4)
        past = whole.hidden_states[-1][0].numpy()
        scores = []
        for share, token in zip(p.tolist(), ids.tolist(), strict=True):
            state = theirs(torch.tensor([[*text, token]]), output_hidden_states=True).hidden_states[-1][0, -1:].numpy()
            scores.append((1 - alpha) * share - alpha * cosine_similarity(state, past).max())
        text.append(int(ids[int(np.argmax(scores))]))
    assert list(contrastive_search(ours, prompt, k=4, alpha=alpha, max_new=6)) == text[len(prompt) :]


@pytest.mark.parametrize(
    ("alpha", "gamma", "ops", "faster"),
    [(0.6, 2, 1.53, 1.96), (0.7, 3, 1.58, 2.53), (0.8, 2, 1.23, 2.44), (0.8, 5, 1.63, 3.69), (0.9, 2, 1.11, 2.71),
     (0.9, 10, 1.60, 6.86)],
)  # fmt: skip
def test_leviathans_table_1(alpha, gamma, ops, faster):
    assert operations(alpha, gamma, 0.0) == pytest.approx(ops, abs=0.0051)
    assert speedup(alpha, gamma, 0.0) == pytest.approx(faster, abs=0.0051)
