"""Drawing, pricing and learning with a model so small that it learns in a second."""

import copy

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from llmcourse.alignment.grpo import DR_GRPO, GRPO, Variant
from llmcourse.alignment.grpo_training import answers_to, draw_answers, token_logp, train_grpo
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama

CONFIG = ModelConfig(vocab=5, width=8, layers=1, heads=2, ffn_width=16, context=12, tied=True)
STOP = (4,)
ASKED = np.array([[0, 1, 2], [2, 1, 0]])


def model(seed=0):
    return Llama(CONFIG).initialize(torch.Generator().manual_seed(seed), std=0.3)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(rows=64, **options):
    asked = torch.from_numpy(ASKED).repeat_interleave(rows // 2, dim=0)
    return draw_answers(model(), asked, **({"max_new": 6, "stop": STOP, "generator": generator()} | options))


def test_answers_end_with_their_first_end_mark_or_at_the_limit():
    written = drawn().written()
    assert {len(row) for row in written} > {1, 6}
    for row in written:
        assert 4 not in row[:-1]
        assert row[-1] == 4 or len(row) == 6


def test_the_question_stands_before_each_answer_and_is_none_of_it():
    answers = drawn()
    assert (answers.tokens[:32, :3] == torch.tensor(ASKED[0])).all()
    assert not answers.is_response[:, :3].any()
    assert answers.is_response[:, 3].all()


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_first_tokens_come_as_often_as_the_model_says(temperature):
    asked = torch.tensor(ASKED[:1]).expand(4000, -1)
    answers = draw_answers(model(), asked, max_new=1, stop=STOP, generator=generator(), temperature=temperature)
    first = answers.tokens[:, -1]
    p = model()(torch.tensor(ASKED[:1]))[0, -1].softmax(-1) ** (1 / temperature)
    p = p / p.sum()
    share = torch.bincount(first, minlength=5) / 4000
    assert ((share - p).abs() < 4 * (p * (1 - p) / 4000).sqrt()).all()


def test_entropy_is_that_of_the_distributions_at_the_written_tokens():
    answers = drawn()
    logp = model()(answers.tokens[:, :-1]).log_softmax(-1)
    entropy = -(logp.exp() * logp).sum(-1)[answers.is_response[:, 1:]].mean()
    assert_close(answers.entropy, entropy)


def test_the_price_of_a_token_is_what_the_model_gave_it():
    answers = drawn(8)
    logp = token_logp(model(), answers)
    row, place = 3, 4
    alone = model()(answers.tokens[row : row + 1, :place])[0, -1].log_softmax(-1)
    assert_close(logp[row, place - 1], alone[answers.tokens[row, place]])


def test_answers_to_keeps_siblings_together_and_repeats_with_its_seed():
    first, again = (answers_to(model(), ASKED, 3, max_new=6, stop=STOP, generator=generator()) for _ in range(2))
    assert [len(group) for group in first] == [3, 3]
    assert first == again


def short(asked, answers):
    return np.array([float(len(answer) == 1) for answer in answers])


def trained(reward=short, rounds=30, learner=None, **options):
    learner = learner or model()
    chosen = {"variant": Variant(), "answers": 8, "rate": 0.02, "max_new": 6, "stop": STOP, "generator": generator()}
    return learner, list(train_grpo(learner, [ASKED] * rounds, reward, **(chosen | options)))


@pytest.mark.parametrize("variant", [Variant(), DR_GRPO, Variant(divisor="all", clip_high=0.28)])
def test_every_variant_learns_what_is_rewarded(variant):
    _, rounds = trained(variant=variant, passes=2)
    assert rounds[0].reward < 0.5
    assert np.mean([one.reward for one in rounds[-5:]]) > 0.9
    assert rounds[-1].length < rounds[0].length
    assert rounds[-1].entropy < rounds[0].entropy


def test_later_passes_are_measured_from_the_policy_that_drew_so_that_the_clip_can_act():
    pulls = [
        trained(rounds=1, passes=10, variant=Variant(clip=clip, clip_high=high))[1][0].gradient_norm
        for clip, high in ((0.01, 0.01), (0.99, 100.0))
    ]
    assert pulls[0] < 0.5 * pulls[1]


def test_a_leash_keeps_the_model_nearer_to_its_reference():
    reference = model()
    _, loose = trained(reference=reference)
    _, leashed = trained(reference=reference, variant=Variant(beta=3.0))
    assert loose[0].kl == pytest.approx(0, abs=1e-6)
    assert loose[-1].kl > 3 * leashed[-1].kl


def test_where_nobody_is_better_nothing_moves():
    before = copy.deepcopy(model().state_dict())
    learner, rounds = trained(reward=lambda asked, answers: np.zeros(len(answers)), rounds=3)
    assert [one.silent for one in rounds] == [1.0, 1.0, 1.0]
    assert [one.gradient_norm for one in rounds] == [0.0, 0.0, 0.0]
    for name, value in learner.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_the_checker_is_given_each_answer_with_its_own_question():
    seen = []

    def look(asked, answers):
        seen.append((asked.copy(), [list(answer) for answer in answers]))
        return np.zeros(len(answers))

    trained(reward=look, rounds=1)
    asked, answers = seen[0]
    assert asked.tolist() == [ASKED[0].tolist()] * 8 + [ASKED[1].tolist()] * 8
    groups = answers_to(model(), ASKED, 8, max_new=6, stop=STOP, generator=generator())
    flat = [answer for group in groups for answer in group]
    assert answers == flat


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"answers": 1}, "answers must be 2 or more, passes 1 and rate positive, got 1"),
        ({"passes": 0}, "got 8, 0"),
        ({"rate": 0.0}, r"0\.0"),
        ({"variant": GRPO}, r"beta is 0\.04, but there is no reference"),
        ({"reward": lambda asked, answers: np.zeros(3)}, r"each of the 16 answers is needed, got \(3,\)"),
        ({"reward": lambda asked, answers: np.full(len(answers), np.nan)}, "16 of 16 rewards are not finite"),
    ],
)
def test_training_refuses(options, match):
    with pytest.raises(ValueError, match=match):
        trained(rounds=1, **options)


def test_siblings_drawn_nearly_without_chance_are_the_most_likely_ones():
    groups = answers_to(model(), ASKED, 2, max_new=1, stop=STOP, generator=generator(), temperature=1e-4)
    likeliest = model()(torch.tensor(ASKED))[:, -1].argmax(-1).tolist()
    assert groups == [[[token], [token]] for token in likeliest]


def test_drawing_refuses_no_questions_no_room_and_no_temperature():
    with pytest.raises(ValueError, match="temperature must be positive and finite, got 0"):
        drawn(temperature=0.0)
    with pytest.raises(ValueError, match="got 0 and 6"):
        draw_answers(model(), torch.zeros(0, 3, dtype=torch.long), max_new=6, stop=STOP, generator=generator())
    with pytest.raises(ValueError, match="got 64 and 0"):
        drawn(max_new=0)
