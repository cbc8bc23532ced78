"""The command line in this process (typer's runner), and where signals or the lack of torch matter in another one."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
import typer.main
from typer.testing import CliRunner

from llmcourse import data
from llmcourse.cli import app
from llmcourse.inference.chat import CHATML
from llmcourse.learning.metrics import read_metrics
from llmcourse.transformer.saved import COURSE_GPT, load_saved
from tests.unit.transformer.small_gguf import CONFIG, random_tensors, write_llama

ROOT = Path(__file__).parents[2]
SMALL = (
    "--vocab 300 --layers 1 --width 32 --context 16 --batch 4 --steps 8 --evaluate-every 4 --checkpoint-every 2".split()
)
TEXT = "".join(f"{i}: In the beginning God created the heaven and the earth.\n" for i in range(400))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def call(*arguments, **options):
    return CliRunner().invoke(app, [str(a) for a in arguments], **options)


def refused(*arguments) -> str:
    """The one line that says why."""
    result = call(*arguments)
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def trained(text):
    folder = text.parent / "run"
    return folder, call("train", text, "--folder", folder, *SMALL)


# ---- train


def test_train_leaves_a_model_a_curve_and_a_record_of_each_step(trained):
    folder, result = trained
    assert result.exit_code == 0, result.output
    assert sorted(os.listdir(folder)) == [
        "checkpoint.safetensors", "held_out.npy", "loss.svg", "metrics.jsonl", "model.safetensors",
        "model.tokenizer.json", "plan.json", "texts.json", "tokenizer.json", "train.npy",
    ]  # fmt: skip
    records = read_metrics(folder)
    assert [r["step"] for r in records] == list(range(8))
    assert [r["step"] for r in records if "held_out" in r] == [3, 7]
    saved = load_saved(folder / "model.safetensors")
    assert (saved.config.width, saved.config.layers, saved.config.vocab) == (32, 1, 300)
    assert saved.card["held_out_nats_per_token"] == round(records[-1]["held_out"], 4)
    held_out = json.loads((folder / "texts.json").read_text())["held_out"]
    bits = records[-1]["held_out"] / np.log(2) * held_out["tokens"] / held_out["bytes"]
    assert saved.card["held_out_bits_per_byte"] == pytest.approx(bits, abs=1e-4)
    assert (folder / "loss.svg").read_text().count("held out") == 1


def test_train_says_what_it_does_and_how_to_use_the_result(trained):
    folder, result = trained
    assert f"{json.loads((folder / 'texts.json').read_text())['train']['bytes']:,} bytes of text" in result.stderr
    assert f"{load_saved(folder / 'model.safetensors').model.parameter_count:,} parameters" in result.stderr
    assert "8 steps of 4 × 16 tokens: 512, " in result.stderr
    assert "step 4 of 8: loss " in result.stderr
    assert f'llmcourse generate "Once" --model {folder}' in result.stderr


def test_resuming_what_is_finished_changes_nothing(trained):
    folder, _ = trained
    before = (folder / "metrics.jsonl").read_bytes()
    assert call("train", "--folder", folder, "--resume").exit_code == 0
    assert (folder / "metrics.jsonl").read_bytes() == before


def test_another_tokenizer_file_is_used_as_it_is(trained, text, tmp_path):
    folder, _ = trained
    result = call("train", text, "--folder", tmp_path / "run", "--tokenizer", folder / "tokenizer.json", *SMALL[2:])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "run/tokenizer.json").read_bytes() == (folder / "tokenizer.json").read_bytes()
    assert load_saved(tmp_path / "run/model.safetensors").config.vocab == 300


def test_refusals_of_train_are_one_line_each(trained, text, tmp_path):
    folder, _ = trained
    new = tmp_path / "new"
    few, latin = tmp_path / "few.txt", tmp_path / "latin.txt"
    few.write_text("a b\nc d\n")
    latin.write_bytes(b"\xe9t\xe9\n" * 100)
    lines = "".join(f"{i}\n" for i in range(60))
    (tmp_path / "short.txt").write_text(lines)
    for arguments, message in (
        ((text, "--folder", folder), "has a training's results; go on with --resume, or choose another --folder"),
        (("--folder", folder, "--resume", "--layers", 3), "was begun with layers = 1, not 3"),
        (("--folder", folder, "--resume", few), "was begun with files = "),
        (("--folder", new, "--resume"), "has no plan.json, so there is nothing to go on with"),
        (("--folder", new), "there are 0 texts to learn from"),
        (("nowhere.txt", "--folder", new), "nowhere.txt is neither a file nor a text of the course (alice29.txt"),
        ((few, "--folder", new), "few.txt: a text of 2 lines cannot be cut into 40 stretches"),
        ((latin, "--folder", new), "latin.txt: 'utf-8' codec can't decode byte 0xe9 in position 0"),
        ((tmp_path / "short.txt", "--folder", new, "--vocab", 257), "less than two windows of 128: give more text"),
        ((text, "--folder", new, "--vocab", 100_000), "it gives"),
        ((text, "--folder", new, "--width", 100), "width 100 is not a multiple of heads 3"),
        ((text, "--folder", new, "--rate", 0), "rate must be positive, got 0.0"),
        ((text, "--folder", new, "--steps", 10, "--warmup", 10), "a warm-up of 10 steps must be shorter"),
        ((text, "--folder", new, "--tokenizer", few), "few.txt"),
    ):
        line = refused("train", *arguments)
        assert line.startswith("llmcourse train: ")
        assert message in line
    assert not (new / "plan.json").exists()


def test_a_training_that_diverges_says_what_to_change(text, tmp_path):
    result = call("train", text, "--folder", tmp_path / "run", *SMALL, "--steps", 60, "--rate", 1e30)
    assert result.exit_code == 1
    last = result.stderr.splitlines()[-1]
    assert re.match(r"llmcourse train: the loss is (nan|inf) at step \d+: .* Lower the rate", last)
    assert "Traceback" not in result.stderr


def command(*arguments) -> list[str]:
    return [sys.executable, "-m", "llmcourse", *map(str, arguments)]


SETTINGS = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo" if sys.platform == "linux" else "lo0"}


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals there")
def test_in_a_terminal_a_bar_shows_the_share_done_the_time_left_the_speed_and_the_losses(trained, text, tmp_path):
    reader, terminal = os.openpty()
    process = subprocess.Popen(
        command("train", text, "--folder", tmp_path / "run", *SMALL),
        cwd=ROOT, env=os.environ | SETTINGS | {"TQDM_NCOLS": "160", "TQDM_NROWS": "20"}, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    said = b""
    with contextlib.suppress(OSError):  # how Linux says that nobody writes any more
        while part := os.read(reader, 4096):
            said += part
    os.close(reader)
    assert process.wait(timeout=120) == 0
    bars = re.findall(
        r"(\d+)%\|[^|]*\| *([\d.]+k?)/512 \[[\d:]+<([\d:?]+), +(?:[\d.]+k?tok/s|\?tok/s)(.*?)\]", said.decode()
    )
    last = read_metrics(trained[0])[-1]
    assert bars[0][:2] == ("0", "0.00")
    assert bars[-1] == ("100", "512", "00:00", f", loss {last['loss']:.3f}, held out {last['held_out']:.3f}")


@pytest.mark.skipif(os.name == "nt", reason="signals are other ones there")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_training_after_its_step_with_the_way_to_go_on(trained, text, tmp_path, name):
    folder = tmp_path / "run"
    many = [*SMALL, "--steps", 100_000]
    process = subprocess.Popen(
        command("train", text, "--folder", folder, *many),
        cwd=ROOT, env=os.environ | SETTINGS, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not read_metrics(folder) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=120)
    assert process.returncode == 128 + getattr(signal, name), said
    done = len(read_metrics(folder))
    assert f"Stopped after step {done} of 100000; nothing is lost" in said
    assert f"llmcourse train --folder {folder} --resume" in said
    assert "Traceback" not in said
    first = [r["loss"] for r in read_metrics(folder)][:2]
    assert len(first) < 2 or first[0] == read_metrics(trained[0])[0]["loss"]  # the same beginning as any other run


@pytest.mark.skipif(os.name == "nt", reason="signals are other ones there")
def test_a_worker_that_is_killed_ends_the_others_with_the_command_to_go_on(text, tmp_path):
    folder = tmp_path / "run"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    process = subprocess.Popen(
        [*torchrun, "-m", "llmcourse", "train", str(text), "--folder", str(folder), *SMALL, "--steps", "100000"],
        cwd=ROOT, env=os.environ | SETTINGS, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (folder / "checkpoint.safetensors").exists() and process.poll() is None:
        time.sleep(0.05)
    psutil.Process(process.pid).children()[-1].kill()
    _, said = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "has lost another one, and the training stops; go on from the last checkpoint" in said
    assert f"\n  torchrun --nproc-per-node 2 -m llmcourse train --folder {folder} --resume" in said
    assert (folder / "checkpoint.safetensors").exists()


# ---- generate


def test_generate_goes_on_with_the_text_and_repeats_with_its_seed(trained):
    folder, _ = trained
    texts = [call("generate", "In the", "--model", folder, "--tokens", 8, "--seed", seed).stdout for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert all(t.startswith("In the") and t.endswith("\n") and len(t) > 10 for t in texts)


def test_generate_uses_the_courses_own_gpt_unless_told_otherwise():
    texts = [call("generate", "In the beginning", "--tokens", 6, "--seed", 1, *which).stdout
             for which in ((), ("--model", "course"), ("--model", COURSE_GPT))]  # fmt: skip
    assert texts[0].startswith("In the beginning")
    assert texts == [texts[0]] * 3


def test_generate_at_temperature_0_is_greedy(trained):
    folder, _ = trained
    greedy = {call("generate", "In", "--model", folder, "--tokens", 6, "--temperature", 0).stdout for _ in range(2)}
    top_1 = call("generate", "In", "--model", folder, "--tokens", 6, "--top-k", 1).stdout
    assert greedy == {top_1}


def test_refusals_of_generate_are_one_line_each(trained, tmp_path):
    folder, _ = trained
    for arguments, message in (
        (("x", "--model", tmp_path / "none"), "there is no model"),
        (("x", "--model", folder, "--temperature", -1), "temperature must not be negative, got -1.0"),
        (("x", "--model", folder, "--top-p", 2), "top_p must lie above 0 and not above 1, got 2.0"),
        (("x", "--model", folder, "--top-k", 0), "top_k must keep at least 1 token, got 0"),
        (("x", "--model", folder, "--tokens", 99), "99 new ones need"),
        (("x", "--model", folder, "--tokens", 0), "max_new must be at least 1, got 0"),
    ):
        assert message in refused("generate", *arguments)


# ---- chat, fetch, help


@pytest.fixture(scope="module")
def gguf(tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    write_llama(path, CONFIG, random_tensors(CONFIG, np.random.default_rng(0)), template=CHATML)
    return path


def test_chat_answers_each_line_of_a_pipe(gguf):
    arguments = ("chat", "--model", gguf, "--tokens", 4, "--temperature", 0, "--system", "x")
    once, twice = (call(*arguments, input=lines).stdout for lines in ("Hi\n", "Hi\n/reset\nHi\n"))
    assert once.endswith("\n")
    assert twice == f"{once}(a new conversation)\n{once}"


def test_chat_with_another_format_is_refused_in_one_line(tmp_path):
    write_llama(tmp_path / "m.gguf", CONFIG, random_tensors(CONFIG, np.random.default_rng(0)), template="{{ x }}")
    result = call("chat", "--model", tmp_path / "m.gguf", input="Hi\n")
    assert result.exit_code == 1
    assert "has another chat template than SmolLM2's" in result.stderr


def test_fetch_lists_what_there_is_with_size_and_license(monkeypatch, tmp_path):
    monkeypatch.setenv("LLMCOURSE_DATA", str(tmp_path))
    shown = call("fetch").stdout
    for asset in (*data.TEXTS.values(), *data.MODELS.values()):
        assert f"{asset.name:<13} {asset.size / 1e6:6.1f} MB, not here yet" in shown
        assert asset.license in shown
    assert str(tmp_path) in shown


def test_fetch_prints_the_paths_and_refuses_an_unknown_name(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "fetch", lambda name: tmp_path / name)
    assert call("fetch", "kjv", "alice29.txt").stdout.split() == [str(tmp_path / "kjv"), str(tmp_path / "alice29.txt")]
    monkeypatch.undo()
    assert "no text or model is called 'alice'. Did you mean 'alice29.txt'?" in refused("fetch", "alice")


@pytest.mark.parametrize("name", ["fetch", "train", "generate", "chat"])
def test_help_gives_an_example_and_says_something_of_each_option(name):
    result = call(name, "--help", env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exit_code == 0
    assert f"llmcourse {name}" in result.stdout.split("Examples:")[1]
    for parameter in typer.main.get_command(app).commands[name].params:  # pyright: ignore
        if parameter.name != "help":
            assert len(getattr(parameter, "help", "") or "") > 20, parameter.name


def test_without_torch_help_and_fetch_work_and_train_says_what_is_missing(tmp_path):
    code = "import sys; sys.modules['torch'] = None; from llmcourse.cli import main; main()"
    for arguments, returncode, message in (
        (["--help"], 0, "train"),
        (["fetch"], 0, "smollm2-135m"),
        (["train", "kjv", "--folder", str(tmp_path)], 1, "llmcourse train needs torch: python -m pip install"),
        (["generate", "x"], 1, "llmcourse generate needs torch"),
    ):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == returncode, done.stderr
        assert message in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_the_program_starts_without_loading_torch():
    code = "import sys, llmcourse.cli; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
