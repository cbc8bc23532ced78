import numpy as np
import pytest
import torch

from llmcourse.inference import writer
from llmcourse.inference.chat import CHATML
from llmcourse.inference.sampling import next_distribution
from llmcourse.inference.terminal import HELP, converse
from llmcourse.inference.writer import Writer, chooser, open_writer
from llmcourse.language.bpe import Tokenizer
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.saved import save_model
from tests.unit.transformer.small_gguf import CONFIG, random_tensors, write_llama

TOKENIZER = Tokenizer.train("aaabdaaabac" * 9, vocab_size=260, special=("<|endoftext|>",))
SMALL = ModelConfig(vocab=260, width=16, layers=1, heads=2, ffn_width=24, context=12, tied=True)


@pytest.fixture
def folder(tmp_path):
    model = Llama(SMALL).initialize(torch.Generator().manual_seed(0), std=0.5)
    save_model(tmp_path / "model.safetensors", model, TOKENIZER, {})
    return tmp_path


@pytest.fixture(scope="module")
def gguf(tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    write_llama(path, CONFIG, random_tensors(CONFIG, np.random.default_rng(0)), template=CHATML)
    return path


def test_ours_is_found_by_file_by_folder_and_by_name(folder, monkeypatch):
    path = folder / "model.safetensors"
    monkeypatch.setattr(writer, "COURSE_GPT", path)
    texts = {"".join(open_writer(name).write("aab", choose=chooser(temperature=0, rng=np.random.default_rng())))
             for name in (str(path), str(folder), "course")}  # fmt: skip
    assert len(texts) == 1


def test_a_text_begins_with_the_token_that_ends_the_one_before_and_stops_at_the_next(folder):
    made = open_writer(str(folder))
    assert made.begin == made.end == (0,)
    seen = []
    hook = made.model.register_forward_pre_hook(lambda module, args: seen.append(args[0].tolist()))
    "".join(made.write("aab", choose=lambda z: 0))  # the first thing it says is that the text is over
    hook.remove()
    assert seen == [[[0, *TOKENIZER.encode("aab")]]]


def test_without_a_length_the_rest_of_the_context_is_written(folder):
    made = open_writer(str(folder))
    letter = TOKENIZER.encode("c")[0]
    assert "".join(made.write("", choose=lambda z: letter)) == "c" * 12  # the last one is never read
    assert "".join(made.write("d" * 9, choose=lambda z: letter)) == "c" * 3
    assert "".join(made.write("", choose=lambda z: letter, max_new=2)) == "cc"
    with pytest.raises(ValueError, match="13 tokens and 1 new ones need 13 positions, but 12 are left"):
        made.write("d" * 12, choose=lambda z: letter)
    long = Writer(Llama(ModelConfig(**{**SMALL.__dict__, "context": 900})), TOKENIZER, (0,), ())
    assert len("".join(long.write("", choose=lambda z: letter))) == 200


def test_a_pretrained_model_has_no_first_token_of_its_own(gguf):
    made = open_writer(str(gguf))
    assert made.begin == ()
    assert made.end == load(gguf).stop


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"there is no model nowhere; name a .* or course, smollm2-135m"):
        open_writer("nowhere")
    with pytest.raises(ValueError, match=r"there is no model .*model\.safetensors"):
        open_writer(str(tmp_path))
    (tmp_path / "model.safetensors").write_text("no model")
    with pytest.raises(ValueError, match="is no safetensors file"):
        open_writer(str(tmp_path))


def test_a_chooser_draws_from_the_filtered_distribution_and_repeats_with_its_seed():
    z = np.array([2.0, 1.0, 0.0, -1.0, 0.5])
    settings = {"temperature": 0.7, "top_k": 4, "top_p": 0.9}
    draws = [chooser(**settings, rng=np.random.default_rng(0)) for _ in range(2)]
    first, second = ([draw(z) for _ in range(1500)] for draw in draws)
    assert first == second
    shares = np.bincount(first, minlength=5) / 1500
    np.testing.assert_allclose(shares, next_distribution(z, **settings), atol=0.04)  # 3 standard errors
    assert shares[3] == 0


def test_temperature_0_is_greedy_and_a_negative_one_refused():
    assert chooser(temperature=0, rng=np.random.default_rng())(np.array([1.0, 3.0, 2.0])) == 1
    with pytest.raises(ValueError, match=r"temperature must not be negative, got -0\.5"):
        chooser(temperature=-0.5, rng=np.random.default_rng())


# ---- conversation


@pytest.fixture
def talk(gguf, monkeypatch):
    """Converse with a model whose answer is the number of messages it was given, and keep what it was given."""
    given = []

    def answer(loaded, messages, *, choose, max_new):
        given.append([dict(message) for message in messages])
        yield f"answer {len(messages)}"

    monkeypatch.setattr("llmcourse.inference.terminal.chat", answer)
    shown = []

    def run(*lines, system=None):
        converse(load(gguf), lines, shown.append, choose=lambda z: 0, system=system)
        return "".join(shown), given

    return run


def test_each_line_is_answered_in_the_light_of_all_before_it(talk):
    shown, given = talk("Hello\n", "\n", "  Why?  ")
    assert shown == "answer 1\nanswer 3\n"  # an empty line is nothing
    assert [message["content"] for message in given[1]] == ["Hello", "answer 1", "Why?"]
    assert [message["role"] for message in given[1]] == ["user", "assistant", "user"]


def test_commands(talk):
    shown, given = talk("One", "/reset", "Two", "/help", "/nonsense", "/quit", "Three")
    assert HELP in shown
    assert "There is no command /nonsense" in shown
    assert [[m["content"] for m in messages] for messages in given] == [["One"], ["Two"]]


def test_the_system_prompt_comes_first_and_stays_after_a_reset(talk):
    shown, given = talk("One", "/reset", "Two", "/system Be brief.", "Three", "/system", system="You are a pirate.")
    firsts = [messages[0] for messages in given]
    assert firsts == [{"role": "system", "content": c} for c in ("You are a pirate.",) * 2 + ("Be brief.",)]
    assert len(given[2]) == 2
    assert shown.endswith("(system prompt: Be brief.)\n")


def test_an_answer_that_is_stopped_stays_as_far_as_it_came(gguf, monkeypatch):
    given = []

    def answer(loaded, messages, *, choose, max_new):
        given.append([message["content"] for message in messages])
        yield "Once"
        raise KeyboardInterrupt

    monkeypatch.setattr("llmcourse.inference.terminal.chat", answer)
    shown = []
    converse(load(gguf), ["a", "b"], shown.append, choose=lambda z: 0)
    assert given[1] == ["a", "Once", "b"]
    assert "".join(shown) == "Once …\nOnce …\n"


def test_a_real_loop_answers_and_refuses_what_outgrows_the_context(gguf):
    shown = []
    choose = chooser(temperature=0, rng=np.random.default_rng())
    converse(load(gguf), ["Hi"], shown.append, choose=choose, system="x", max_new=3)
    assert "".join(shown).strip()
    with pytest.raises(ValueError, match="shorten the text"):
        converse(load(gguf), ["word " * 200], shown.append, choose=choose, max_new=3)
