import inspect
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from llmcourse.learning import checkpoint, metrics, parallel
from llmcourse.learning import train as training
from llmcourse.learning.checkpoint import NAME
from llmcourse.learning.metrics import read_metrics
from llmcourse.learning.train import held_out_loss, next_token_loss, train
from llmcourse.transformer import saved
from tests.unit.learning.small import CONFIG, RECIPE, TOKENS, chain, new_model

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Bit for bit the same sums, and no threads that wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def losses(records) -> list[float]:
    return [record["loss"] for record in records]


def run(model=None, recipe=RECIPE, **options):
    """The records of a whole training, and the model."""
    model = model or new_model()
    return list(train(model, TOKENS, recipe, **options)), model


@pytest.fixture(scope="module")
def whole():
    return run(held_out=TOKENS[:200], evaluate_every=4)


def same_weights(model, other) -> bool:
    return all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


# ---- what it learns


def test_it_falls_below_what_the_frequencies_of_tokens_allow_and_not_below_the_entropy_of_the_text():
    frequencies = np.bincount(TOKENS, minlength=CONFIG.vocab) / len(TOKENS)
    unigram = -(frequencies * np.log(frequencies)).sum()
    entropy = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)  # of the choice that each token leaves, in nats
    held_out = chain(1000, seed=1)
    records, model = run(recipe=replace(RECIPE, steps=150), held_out=held_out)
    assert losses(records)[0] == pytest.approx(math.log(CONFIG.vocab), abs=0.1)  # it begins with no opinion
    assert unigram > 3.2
    assert entropy < records[-1]["held_out"] < entropy + 0.2
    assert records[-1]["held_out"] == held_out_loss(model, held_out, length=16)


def test_the_loss_is_torchs_cross_entropy_in_float32():
    z = 300 * torch.randn(3, 5, 7, generator=torch.Generator().manual_seed(0))
    targets = torch.randint(0, 7, (3, 5), generator=torch.Generator().manual_seed(1))
    by_hand = -z.double().log_softmax(-1).gather(-1, targets[..., None]).mean()
    assert_close(next_token_loss(z, targets).double(), by_hand, rtol=1e-6, atol=0)
    half = z.bfloat16()
    assert next_token_loss(half, targets) == next_token_loss(half.float(), targets)


def test_a_record_says_what_a_step_was(whole):
    records, _ = whole
    assert [r["step"] for r in records] == list(range(12))
    assert [r["tokens"] for r in records] == [128 * (s + 1) for s in range(12)]
    assert [r["rate"] for r in records] == [RECIPE.rate_at(s) for s in range(12)]
    assert [r["step"] for r in records if "held_out" in r] == [3, 7, 11]
    assert all(0 < a["seconds"] < b["seconds"] for a, b in pairwise(records))


def test_the_first_loss_is_that_of_the_untouched_model_and_step_0_of_a_warm_up_moves_nothing():
    model = new_model()
    rows = torch.from_numpy(training.Windows(TOKENS, 16, 8, 0).of_step(0))
    expected = next_token_loss(model(rows[:, :-1]), rows[:, 1:]).item()
    first = next(train(model, TOKENS, RECIPE))
    assert first["loss"] == pytest.approx(expected, rel=1e-6)
    assert same_weights(model, new_model())


def test_the_gradient_norm_is_that_of_torch_and_clipping_bounds_what_adam_sees():
    model = new_model()
    rows = torch.from_numpy(training.Windows(TOKENS, 16, 8, 0).of_step(0))
    next_token_loss(model(rows[:, :-1]), rows[:, 1:]).backward()
    norm = torch.cat([p.grad.flatten() for p in model.parameters()]).norm().item()
    open_, clipped = (run(recipe=replace(RECIPE, steps=3, warmup=0, clip=clip))[1] for clip in (None, 1e-9))
    assert next(train(new_model(), TOKENS, RECIPE))["gradient_norm"] == pytest.approx(norm, rel=1e-5)
    # Adam divides by the gradient's own size, so that clipping shows only where eps is felt: at 1e-8.
    moved = [(m.embed.weight - new_model().embed.weight).abs().max().item() for m in (open_, clipped)]
    assert moved[1] < 0.3 * moved[0]


@pytest.mark.parametrize("micro_batch", [1, 2, 4])
def test_micro_batches_make_the_same_step_as_the_whole_batch(whole, micro_batch):
    records, _ = run(recipe=replace(RECIPE, micro_batch=micro_batch))
    # float32, added in another order; Adam makes the smallest gradients as loud as the others
    assert losses(records) == pytest.approx(losses(whole[0]), rel=1e-4)
    assert [r["gradient_norm"] for r in records] == pytest.approx([r["gradient_norm"] for r in whole[0]], rel=1e-3)


def test_bfloat16_stays_close_to_float32_and_is_not_the_same(whole):
    records, model = run(recipe=replace(RECIPE, precision="bfloat16"))
    assert losses(records) == pytest.approx(losses(whole[0]), abs=0.03)  # eight bits: 1 in 256
    assert losses(records) != losses(whole[0])
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_gains_do_not_decay_and_matrices_do():
    recipe = replace(RECIPE, steps=1, warmup=0, rate=1e-2, weight_decay=10.0)
    model, start = new_model(), new_model()
    with torch.no_grad():
        model.embed.weight[31], start.embed.weight[31] = 5.0, 5.0
    text = np.tile(np.arange(20, dtype=np.uint16), 30)  # token 31 is never read
    list(train(model, text, recipe))
    shrunk = (model.embed.weight[31] / start.embed.weight[31]).mean().item()
    assert shrunk == pytest.approx(1 - 0.01 * 10, abs=0.01)
    gains = torch.cat([p for p in model.parameters() if p.ndim == 1])
    assert (gains - 1).abs().max() < 0.011  # Adam's step alone, of length 0.01; a decay would have taken 0.1


def test_the_seed_decides_the_order_of_the_data(whole):
    assert losses(run()[0]) == losses(whole[0])
    assert losses(run(recipe=replace(RECIPE, seed=1))[0]) != losses(whole[0])


# ---- stopping and going on


def goes_on(folder, whole, **options):
    """Resume in this folder and hold everything against the uninterrupted training."""
    model = new_model(seed=99)  # whatever it is: the checkpoint replaces it
    rest = list(train(model, TOKENS, RECIPE, folder=folder, resume=True, **options))
    assert losses(read_metrics(folder)) == losses(whole[0])
    assert [r["step"] for r in read_metrics(folder)] == list(range(12))
    assert same_weights(model, whole[1])
    return [r["step"] for r in rest]


@pytest.mark.parametrize("stop", [0, 2, 5, 11])
def test_a_loop_that_its_caller_leaves_goes_on_bit_for_bit(tmp_path, whole, stop):
    for record in train(new_model(), TOKENS, RECIPE, folder=tmp_path, checkpoint_every=4):
        if record["step"] == stop:
            break
    assert goes_on(tmp_path, whole) == list(range(stop + 1, 12))


def test_asked_to_stop_it_writes_a_checkpoint_and_ends(tmp_path, whole):
    seen = []
    for record in train(new_model(), TOKENS, RECIPE, folder=tmp_path, stop=lambda: len(seen) == 7):
        seen.append(record["step"])  # noqa: PERF401 (the list is looked at while it grows)
    assert seen == list(range(7))
    assert goes_on(tmp_path, whole) == list(range(7, 12))


@pytest.mark.parametrize("where", ["_gradient", "move", "held_out_loss"])
def test_an_error_in_the_middle_of_a_step_leaves_a_checkpoint_between_steps(tmp_path, whole, monkeypatch, where):
    real, calls = getattr(training, where), []

    def fails(*arguments, **options):
        calls.append(None)
        result = real(*arguments, **options)  # for move: the parameters have moved, and nobody has written it down
        if len(calls) == 6:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(training, where, fails)
    options = {"held_out": TOKENS[:100], "evaluate_every": 1}
    with pytest.raises(KeyboardInterrupt):
        list(train(new_model(), TOKENS, RECIPE, folder=tmp_path, checkpoint_every=2, **options))
    monkeypatch.undo()
    assert goes_on(tmp_path, whole)[0] == (5 if where == "_gradient" else 4)


def test_resuming_without_a_checkpoint_begins_and_resuming_the_finished_does_nothing(tmp_path, whole):
    assert losses(run(folder=tmp_path, resume=True)[0]) == losses(whole[0])
    assert goes_on(tmp_path, whole) == []


KILLED = """
import os, signal, sys
import torch
from llmcourse.learning.train import train
from llmcourse.transformer import saved
from tests.unit.learning.small import RECIPE, TOKENS, new_model

folder, step, place = sys.argv[1], int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(1)
kill = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
real, writes = saved.save_file, []

def killed_half_way(tensors, path, metadata):
    real(tensors, path, metadata)
    os.truncate(path, os.path.getsize(path) // 2)
    kill()

for record in train(new_model(), TOKENS, RECIPE, folder=folder, checkpoint_every=3):
    if record["step"] == step:
        if place == "writing":
            saved.save_file = killed_half_way
        else:
            kill()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
@pytest.mark.parametrize(("place", "step", "first"), [("training", 7, 6), ("writing", 8, 6)])
def test_a_process_killed_at_any_moment_goes_on_bit_for_bit(tmp_path, whole, place, step, first):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(step), place],
        cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert [r["step"] for r in read_metrics(tmp_path)] == list(range(step + 1))
    assert goes_on(tmp_path, whole) == list(range(first, 12))


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path, whole, monkeypatch):
    real = saved.save_file

    def full(tensors, path, meta):
        Path(path).write_bytes(b"half a file")
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):  # noqa: PT012 (the disk is full from some step on)
        for record in train(new_model(), TOKENS, RECIPE, folder=tmp_path, checkpoint_every=4):
            if record["step"] == 5:
                monkeypatch.setattr(saved, "save_file", full)
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME, metrics.NAME]
    monkeypatch.setattr(saved, "save_file", real)
    assert goes_on(tmp_path, whole) == list(range(4, 12))


def test_a_record_that_was_cut_by_the_end_of_the_process_is_made_again(tmp_path, whole):
    for record in train(new_model(), TOKENS, RECIPE, folder=tmp_path):
        if record["step"] == 5:
            break
    with (tmp_path / metrics.NAME).open("a") as file:
        file.write('{"step": 6, "loss": 3.')
    goes_on(tmp_path, whole)


# ---- refusals


@pytest.fixture
def stopped(tmp_path):
    """The folder of a training that stopped after four steps."""
    list(train(new_model(), TOKENS, RECIPE, folder=tmp_path, stop=lambda: True))
    return tmp_path


def resume(folder, recipe=RECIPE, model=None):
    return next(train(model or new_model(), TOKENS, recipe, folder=folder, resume=True))


def test_another_recipe_is_refused_by_name_and_values(stopped):
    with pytest.raises(ValueError, match=r"trained with rate = 0\.01, not 0\.002; continue with its recipe, or"):
        resume(stopped, replace(RECIPE, rate=2e-3))
    with pytest.raises(ValueError, match="trained with steps = 12, not 20"):
        resume(stopped, replace(RECIPE, steps=20))
    assert resume(stopped, replace(RECIPE, micro_batch=2))["step"] == 1  # how it is computed is no part of it


def test_a_model_of_another_shape_is_refused(stopped):
    for change, message in (
        ({"ffn_width": 64}, r"its blocks\.0\.ffn\.down\.weight is \(32, 48\), not \(32, 64\); continue with its model"),
        ({"layers": 3}, r"its blocks\.2\..* is None, not \(32, 32\)"),
        ({"layers": 1}, r"its blocks\.1\..* is \(32, 32\), not None"),
        ({"tied": False}, r"its head\.weight is None, not \(32, 32\)"),
    ):
        with pytest.raises(ValueError, match=f"of a model of another shape: {message}"):
            resume(stopped, model=new_model(config=replace(CONFIG, **change)))


def test_a_damaged_or_foreign_checkpoint_is_refused(stopped, tmp_path):
    path = stopped / NAME
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=f"{NAME} is no checkpoint, or damaged: .*; begin again in another folder"):
        resume(stopped)
    path.write_text("In the beginning")
    with pytest.raises(ValueError, match="is no checkpoint, or damaged"):
        resume(stopped)
    saved.write_safetensors(path, {"weight": torch.zeros(3)}, {})
    with pytest.raises(ValueError, match="holds tensors but no training"):
        resume(stopped)
    saved.write_safetensors(path, {"weight": torch.zeros(3)}, {"recipe": "no json", "step": "3"})
    with pytest.raises(ValueError, match="holds tensors but no training"):
        resume(stopped)
    recipe = json.dumps(RECIPE.as_json())
    saved.write_safetensors(path, {"weight": torch.zeros(3)}, {"recipe": recipe, "step": "3"})
    with pytest.raises(ValueError, match="of a model of another shape"):
        resume(stopped)
    weights = {f"model.{name}": p.detach() for name, p in new_model().named_parameters()}
    saved.write_safetensors(path, weights, {"recipe": recipe, "step": "3"})
    with pytest.raises(ValueError, match="does not have what the optimizer remembers of blocks"):
        resume(stopped)


def test_a_folder_with_results_is_not_written_over(stopped):
    with pytest.raises(ValueError, match="has another training's results; continue it with resume, or choose another"):
        next(train(new_model(), TOKENS, RECIPE, folder=stopped))
    assert resume(stopped)["step"] == 1


def test_divergence_is_an_error_with_advice_and_the_last_good_checkpoint_stays(tmp_path):
    recipe = replace(RECIPE, rate=1e30, warmup=0, clip=None, steps=60)
    with pytest.raises(FloatingPointError, match=r"the loss is (nan|inf) at step \d+: .*Lower the rate \(1e\+30\)"):
        list(train(new_model(), TOKENS, recipe, folder=tmp_path, checkpoint_every=1000))
    assert not (tmp_path / NAME).exists()  # there was no good one


def test_refuses_texts_and_windows_that_do_not_fit_before_the_first_step():
    with pytest.raises(ValueError, match="windows of 17 do not fit into the model's context of 16"):
        next(train(new_model(), TOKENS, replace(RECIPE, length=17)))
    with pytest.raises(ValueError, match="16 held-out tokens have no window of 17"):
        next(train(new_model(), TOKENS, RECIPE, held_out=TOKENS[:16]))
    with pytest.raises(ValueError, match="20 tokens are too few"):
        next(train(new_model(), TOKENS[:20], RECIPE))
    unknown = TOKENS.copy()
    unknown[::10] = 99
    with pytest.raises(ValueError, match="token 99 is not in the vocabulary of 32"):
        next(train(new_model(), unknown, RECIPE))


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="kind must be ddp or fsdp, got 'pipeline'"):
        inspect.unwrap(parallel.distribute)(new_model(), parallel.Workers.alone(), "pipeline")


# ---- the held-out loss


def test_the_held_out_loss_is_the_mean_over_all_windows_whatever_the_batch():
    model, tokens = new_model(), TOKENS[:101]
    rows = torch.from_numpy(tokens[:97].astype(np.int64))
    each = [next_token_loss(model(rows[None, i : i + 16]), rows[None, i + 1 : i + 17]).item() for i in range(0, 96, 16)]
    for batch in (1, 4, 32):
        assert held_out_loss(model, tokens, length=16, batch=batch) == pytest.approx(np.mean(each), rel=1e-6)
    assert model.training  # as it was before
    assert checkpoint.NAME == "checkpoint.safetensors"
