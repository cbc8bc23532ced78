"""Scorers against numbers worked out by hand, the store against kills and changes, results against their counts."""

import json
import math

import numpy as np
import pytest

from llmcourse.evaluation.harness import Outcome, Reply, Request, Result, Store, Task, exact, likelihood, run
from llmcourse.evaluation.intervals import wilson
from llmcourse.evaluation.prompts import cloze, lettered, shifted
from llmcourse.evaluation.questions import load_questions

ITEMS = load_questions("units")
QUESTION = ITEMS[0]


class Guesser:
    """A model whose log-likelihoods are minus the lengths of the continuations; counts how often it is asked."""

    def __init__(self, name="guesser", fail_at=None):
        self.name, self.asked, self.fail_at = name, 0, fail_at

    def reply(self, request):
        self.asked += 1
        if self.asked == self.fail_at:
            raise KeyboardInterrupt
        return Reply(tuple(-float(len(c)) for c in request.continuations), tuple(1 for _ in request.continuations), "")


def request(*texts):
    return Request("Q:", texts)


@pytest.mark.parametrize(("per", "picked", "scores"), [
    ("sum", 1, (-6.0, -3.0, -8.0, -9.0)),
    ("token", 2, (-3.0, -3.0, -2.0, -9.0)),
    ("byte", 0, (-1.0, -1.5, -2.0, -4.5)),
])  # fmt: skip
def test_the_normalization_decides_which_choice_wins(per, picked, scores):
    asked = request(" abcdef", " ab", " abcd", " é")  # 6, 2, 4 and 2 bytes
    outcome = likelihood(per)(QUESTION, asked, Reply((-6.0, -3.0, -8.0, -9.0), (2, 1, 4, 1)))
    assert outcome.picked == picked
    np.testing.assert_allclose(outcome.scores, scores)
    assert outcome.right == (picked == QUESTION.answer)


def test_acc_and_acc_norm_are_those_of_lm_eval(rng):
    """As in lm-evaluation-harness, Task.process_results: argmax of lls, and of lls over the characters of a choice."""
    for _ in range(200):
        choices = ["x" * int(n) for n in rng.integers(1, 30, 4)]
        lls = -30 * rng.random(4)
        reply, asked = Reply(tuple(lls), (1,) * 4), request(*(f" {c}" for c in choices))
        completion_len = np.array([float(len(i)) for i in choices])
        assert likelihood("sum")(QUESTION, asked, reply).right == (np.argmax(lls) == QUESTION.answer)
        assert likelihood("byte")(QUESTION, asked, reply).right == (np.argmax(lls / completion_len) == QUESTION.answer)


def test_of_equal_scores_the_first_is_picked():
    assert likelihood("sum")(QUESTION, request(" a", " b"), Reply((-1.0, -1.0), (1, 1))).picked == 0


@pytest.mark.parametrize(("text", "right"), [("{}", 1), (" {}. ", 1), ("about {}", 0), ("", 0)])
def test_exact_match_forgives_spaces_and_a_period_and_nothing_else(text, right):
    assert exact()(QUESTION, Request("Q:", max_new=5), Reply(text=text.format(QUESTION.right))).right == right
    assert exact(str.upper)(QUESTION, Request("Q:", max_new=5), Reply(text=f" {QUESTION.right}")).right is False


def test_a_result_counts_and_carries_wilsons_interval():
    task = Task("units", ITEMS, cloze, likelihood("sum"))
    outcomes = tuple(Outcome(i < 7, 0, (math.log(1.0), math.log(3.0))) for i in range(10))
    result = Result(task, "m", outcomes)
    assert result.right.sum() == 7
    assert result.accuracy == 0.7
    assert result.interval(level=0.9) == wilson(7, 10, level=0.9)
    np.testing.assert_allclose(result.probabilities, [[0.25, 0.75]] * 10)


def test_a_run_asks_each_item_once_and_its_outcomes_follow_the_order_of_the_items():
    model = Guesser()
    result = run(Task("units", ITEMS, cloze, likelihood("sum")), model)
    assert model.asked == len(result.outcomes) == len(ITEMS)
    shortest = [int(np.argmin([len(c) for c in q.choices])) for q in ITEMS]
    assert [outcome.picked for outcome in result.outcomes] == shortest
    assert result.right.tolist() == [int(s == q.answer) for s, q in zip(shortest, ITEMS, strict=True)]


def test_stored_replies_are_not_asked_again_even_by_another_scorer_and_in_another_process(tmp_path):
    path, model = tmp_path / "replies.jsonl", Guesser()
    first = run(Task("a", ITEMS, cloze, likelihood("sum")), model, store=Store(path))
    again = Guesser()
    second = run(Task("b", ITEMS, cloze, likelihood("byte")), again, store=Store(path))
    assert (model.asked, again.asked) == (len(ITEMS), 0)
    assert first.scores.shape == second.scores.shape == (len(ITEMS), 4)
    assert run(Task("a", ITEMS, cloze, likelihood("sum")), again, store=Store(path)).outcomes == first.outcomes


@pytest.mark.parametrize("change", ["prompt", "choices", "model", "item"])
def test_another_prompt_order_of_choices_model_or_item_is_asked_anew(tmp_path, change):
    store = Store(tmp_path / "replies.jsonl")
    run(Task("a", ITEMS[:1], cloze, likelihood("sum")), Guesser(), store=store)
    model = Guesser("other" if change == "model" else "guesser")
    item = ITEMS[1:2] if change == "item" else ITEMS[:1]
    prompt = {"prompt": lettered, "choices": lambda q: cloze(shifted(q, 1))}.get(change, cloze)
    run(Task("a", item, prompt, likelihood("sum")), model, store=store)
    assert model.asked == 1
    assert len(store) == 2


@pytest.mark.parametrize("torn", ['{"key": "ab', '{"key": "ab", "reply": {"logp": [], "tokens": [], "text": ""}}'])
def test_a_run_goes_on_after_a_kill_and_a_torn_line_is_dropped(tmp_path, torn):
    path = tmp_path / "replies.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run(Task("a", ITEMS, cloze, likelihood("sum")), Guesser(fail_at=4), store=Store(path))
    with path.open("a") as file:
        file.write(torn)  # as a kill in the middle of a write leaves it: without the end of the line
    model = Guesser()
    run(Task("a", ITEMS, cloze, likelihood("sum")), model, store=Store(path))
    assert model.asked == len(ITEMS) - 3
    lines = path.read_text().splitlines()
    assert len(lines) == len({json.loads(line)["key"] for line in lines}) == len(ITEMS)


def test_refusals_name_what_is_missing():
    with pytest.raises(ValueError, match="'none' has 0 items"):
        run(Task("none", [], cloze, likelihood("sum")), Guesser())
    with pytest.raises(ValueError, match="got 'character'"):
        likelihood("character")
    with pytest.raises(ValueError, match=f"{QUESTION.id}: the request has 0 continuations"):
        likelihood("sum")(QUESTION, Request("Q:", max_new=3), Reply(text="x"))
    written = Result(Task("t", ITEMS, cloze, exact()), "m", (Outcome(True), Outcome(False)))
    with pytest.raises(ValueError, match=r"the items have \[0\] choices"):
        _ = written.probabilities


@pytest.mark.parametrize(
    ("logp", "tokens", "message"),
    [
        ((-1.0, math.nan), (1, 1), "continuation 1 must be finite and at most 0, got nan"),
        ((-math.inf, -1.0), (1, 1), "continuation 0 must be finite and at most 0, got -inf"),
        ((-1.0, 0.5), (1, 1), r"continuation 1 must be finite and at most 0, got 0\.5"),
        ((-1.0, -2.0), (1, 0), "continuation 1 must have at least 1 token, got 0"),
        ((-1.0, -2.0), (1,), "2 log-likelihoods, but 1 numbers of tokens"),
    ],
)
def test_a_reply_of_what_is_no_likelihood_is_refused(logp, tokens, message):
    with pytest.raises(ValueError, match=message):
        Reply(logp, tokens)


@pytest.mark.parametrize("stored", [False, True])
def test_a_reply_without_a_number_for_each_continuation_is_neither_scored_nor_stored(tmp_path, stored):
    class Short(Guesser):
        def reply(self, request):
            return Reply((-1.0, -2.0), (1, 1))

    store = Store(tmp_path / "replies.jsonl") if stored else None
    with pytest.raises(ValueError, match="guesser gave 2 log-likelihoods for 4 continuations"):
        run(Task("a", ITEMS, cloze, likelihood("sum")), Short(), store=store)
    assert not (tmp_path / "replies.jsonl").exists()


@pytest.mark.parametrize("damage", [
    b"not json", b'{"key": "x"}', b"\xff\xfe", b"[]", b"",
    b'{"key": "x", "reply": {"logp": [NaN], "tokens": [1], "text": ""}}',
])  # fmt: skip
def test_a_damaged_line_is_named_with_its_file_and_nothing_is_lost(tmp_path, damage):
    path = tmp_path / "replies.jsonl"
    run(Task("a", ITEMS[:3], cloze, likelihood("sum")), Guesser(), store=Store(path))
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], damage, *lines[1:], b"torn"]))
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"replies\.jsonl, line 2: no reply .*; delete the line"):
        Store(path)
    assert path.read_bytes() == before


def test_a_missing_folder_is_made_before_anything_is_asked(tmp_path):
    path, model = tmp_path / "runs" / "today" / "replies.jsonl", Guesser()
    store = Store(path)
    assert path.parent.is_dir()
    run(Task("a", ITEMS[:1], cloze, likelihood("sum")), model, store=store)
    assert len(Store(path)) == 1
