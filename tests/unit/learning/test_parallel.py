"""Several processes train as one would. torchrun is started twice, once with two workers and once with one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from llmcourse.learning.checkpoint import NAME
from llmcourse.learning.metrics import read_metrics
from llmcourse.learning.parallel import Workers, distribute, joined_workers
from llmcourse.learning.train import train
from tests.unit.learning.small import RECIPE, TOKENS, new_model

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("parallel_script.py")
KINDS = ("ddp", "fsdp")
# The gradient is a sum of the workers' in another order than that of one; Adam makes its smallest entries count.
TOLERANCE = 1e-5

pytestmark = pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no torch.distributed")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def alone() -> list[float]:
    return [record["loss"] for record in train(new_model(), TOKENS, RECIPE)]


def torchrun(count: int, folder: Path) -> subprocess.CompletedProcess:
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count), str(SCRIPT), str(folder)]
    settings = {
        "OMP_NUM_THREADS": "1",
        "GLOO_SOCKET_IFNAME": "lo" if sys.platform == "linux" else "lo0",  # this machine only
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    return subprocess.run(
        [sys.executable, *command], env=os.environ | settings, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with trainings of one process, stopped after five steps, for two to go on with."""
    made = tmp_path_factory.mktemp("parallel")
    for kind in KINDS:
        for record in train(new_model(), TOKENS, RECIPE, folder=made / f"by one, {kind}"):
            if record["step"] == 4:
                break
    return made


@pytest.fixture(scope="module")
def done(folder):
    return torchrun(2, folder)


@pytest.fixture(scope="module")
def two(done, folder):
    path = folder / "results of 2.json"
    assert path.exists(), done.stderr
    return json.loads(path.read_text())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pieces", ["", ", micro-batches"])
def test_two_workers_have_the_losses_of_one(two, alone, kind, pieces):
    assert two["count"] == 2
    assert two[kind + pieces] == pytest.approx(alone, rel=TOLERANCE)


@pytest.mark.parametrize("kind", KINDS)
def test_two_go_on_with_the_checkpoint_of_one(two, alone, kind):
    assert two[f"by one, {kind}"][:5] == alone[:5]
    assert two[f"by one, {kind}"] == pytest.approx(alone, rel=TOLERANCE)


@pytest.mark.parametrize("kind", KINDS)
def test_one_goes_on_with_the_checkpoint_of_two(two, folder, alone, kind):
    begun = folder / f"by two, {kind}"
    assert [r["step"] for r in read_metrics(begun)] == list(range(5))
    rest = list(train(new_model(seed=99), TOKENS, RECIPE, folder=begun, resume=True))
    assert [r["step"] for r in rest] == list(range(5, 12))
    assert [r["loss"] for r in read_metrics(begun)] == pytest.approx(alone, rel=TOLERANCE)


def test_gradients_are_exchanged_once_a_step_and_not_for_each_micro_batch(two):
    early, last = two["exchanges"]
    assert early == 0
    assert last > 0


def test_workers_take_means_and_agree_on_what_one_of_them_says(two):
    assert two["mean, any"] == [0.5, True, False]


def test_a_killed_worker_ends_the_training_with_a_message_and_a_checkpoint_to_go_on_from(done, two, folder, alone):
    assert done.returncode != 0
    assert "WorkerLost: worker 0 of 2 has lost another one" in done.stderr
    assert "go on from the last checkpoint by starting all of them again, with resume" in done.stderr
    killed = folder / "killed"
    assert sorted(path.name for path in killed.iterdir()) == [NAME, "metrics.jsonl"]
    rest = list(train(new_model(seed=99), TOKENS, RECIPE, folder=killed, resume=True))
    assert rest[0]["step"] == 3
    assert [r["step"] for r in read_metrics(killed)] == list(range(12))
    assert [r["loss"] for r in read_metrics(killed)] == pytest.approx(alone, rel=TOLERANCE)


def test_torchrun_with_one_worker_is_the_same_as_none(folder, alone):
    done = torchrun(1, folder)
    assert done.returncode == 0, done.stderr
    one = json.loads((folder / "results of 1.json").read_text())
    assert one["ddp"] == one["fsdp"] == alone
    assert one["mean, any"] == [0.0, True, False]


def test_without_torchrun_there_is_one_worker_and_the_model_is_left_as_it_is(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined_workers() as workers:
        assert workers == Workers.alone()
        assert workers.is_first
        model = new_model()
        assert distribute(model, workers, "fsdp") is model
        workers.wait()
