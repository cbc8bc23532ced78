"""bpe.js, decoder.js and their worker beside the Python that they repeat: tokens, logits, attention, lens, caches."""

import base64
import zlib

import numpy as np
import pytest
from numpy.testing import assert_allclose

from llmcourse.explore.gpt_reading import read
from llmcourse.explore.gpt_weights import TOLERANCE, describe, packed, quantized
from llmcourse.language.pretokenize import split
from llmcourse.transformer.saved import course_gpt
from tests.site.gpt_files import engine, rounded
from tests.unit.explore.tiny_gpt import tiny_gpt, tokenizer

pytestmark = pytest.mark.browser

STRANGE = [
    0x20,
    0x20,
    0x0A,
    0x09,
    0x0D,
    0x85,
    0xA0,
    0xFEFF,
    0x1C,
    0x2028,
    0x200B,
    0x27,
    0x301,
    0x1F600,
    0x200D,
    0x1F468,
]
OPEN = """
  const [description, data, ids] = values;
  const decoder = scripts.createDecoder(description.config, scripts.unpackWeights(description, bytesOf(data)));
"""


@pytest.fixture
def page(open_page):
    return open_page("", mount=False)


@pytest.fixture
def model():
    loaded = tiny_gpt()
    data = packed(loaded.model)
    return describe(loaded, data), base64.b64encode(data).decode()


def random_text(rng: np.random.Generator) -> str:
    """Letters, blanks, emoji, controls, and any code point there is."""
    codes = []
    for kind in rng.random(rng.integers(0, 40)):
        low, high = [(32, 127), (0, 0x3000), (0, 0x110000)][int(3 * kind * kind)]
        codes.append(int(rng.choice(STRANGE)) if rng.random() < 0.3 else int(rng.integers(low, high)))
    return "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)


def test_texts_are_cut_where_python_cuts_them(page, model, rng):
    """The places of the cuts; few of them show in tokens, where no merge reaches across."""
    texts = [random_text(rng) for _ in range(600)] + ["It's  2024, isn't it?", " \n  x", "\r\n\t end "]
    used = [
        *range(0xD800),
        *range(0xE000, 0x40000),
        *range(0xE0000, 0xE0200),
    ]  # elsewhere no character has been defined
    every = [chr(c) for c in used]  # between letters that show where it is cut
    texts += ["".join(f"{c}a {c} " for c in every[i : i + 10_000]) for i in range(0, len(every), 10_000)]
    cut = "const rule = scripts.cuttingRule(values[0]); return values[1].map(text => text.match(rule) || []);"
    found = engine(page, cut, model[0]["tokenizer"]["since"], texts)
    for text, pieces in zip(texts, found, strict=True):
        assert pieces == split(text), text


def test_texts_have_the_tokenizers_tokens(page, model, rng):
    texts = [random_text(rng) for _ in range(600)]
    texts += ["", " ", "  ", "\ufeffhi", " \n  x", "a" * 3000, "<|endoftext|>", "It's the cat's, 'tis", "\r\n\t end "]
    found = engine(
        page,
        """const tokenizer = scripts.createTokenizer(values[0].tokenizer);
        return values[1].map(text => { const ids = tokenizer.encode(text); return [ids, tokenizer.decode(ids)]; });""",
        model[0],
        texts,
    )
    for text, (ids, back) in zip(texts, found, strict=True):
        assert ids == tokenizer().encode(text), text
        assert back == text


def test_tokens_that_are_no_text_become_the_replacement_character(page, model, rng):
    rows = rng.integers(0, 300, size=(300, 12)).tolist()
    call = "const t = scripts.createTokenizer(values[0].tokenizer); return values[1].map(ids => t.decode(ids));"
    assert engine(page, call, model[0], rows) == [tokenizer().decode(ids) for ids in rows]


def test_logits_attention_and_lens_are_those_of_the_model_with_rounded_weights(page, model, rng):
    ids = [0, *rng.integers(0, 300, size=31).tolist()]
    found = engine(
        page,
        OPEN
        + """ids.forEach(id => decoder.append(id));
        return ids.map((_, t) => ({ logits: [...decoder.logits(t)], attention: [...decoder.attention(t)],
          lens: decoder.lens(t).map(row => [...row]) }));""",
        *model,
        ids,
    )
    reading = read(quantized(tiny_gpt().model), ids)
    for t, one in enumerate(found):
        assert_allclose(one["logits"], reading.logits[t], atol=1e-4)
        assert_allclose(np.reshape(one["attention"], (3, 2, t + 1)), reading.weights[:, :, t, : t + 1], atol=1e-5)
        assert_allclose(one["lens"], reading.lens[:, t], atol=1e-4)
    assert np.ptp(reading.logits) > 5  # a flat model would agree with anything
    assert (reading.weights.max(axis=-1)[:, :, 8:] > 0.6).any()


def test_a_token_that_is_forgotten_leaves_no_trace(page, model, rng):
    ids = rng.integers(0, 300, size=32).tolist()
    found = engine(
        page,
        OPEN
        + """ids.slice(0, 20).forEach(id => decoder.append(id));
        decoder.truncate(12);
        const short = decoder.length();
        ids.slice(20, 32).forEach(id => decoder.append(id));
        let full = "";
        for (let i = 0; i < 9; i += 1) try { decoder.append(1); } catch (error) { full = error.message; }
        return [short, decoder.length(), [...decoder.logits(23)], full];""",
        *model,
        ids,
    )
    fresh = read(rounded(tiny_gpt()).model, ids[:12] + ids[20:])
    assert found[:2] == [12, 32]
    assert_allclose(found[2], fresh.logits[-1], atol=1e-4)
    assert found[3] == "the context of 32 tokens is full"


@pytest.mark.parametrize("where", ["worker", "page"])
def test_what_two_texts_share_is_read_once_and_the_states_are_those_of_a_new_reading(page, model, rng, where):
    one = rng.integers(0, 300, size=20).tolist()
    two = [*one[:13], (one[13] + 1) % 300, *rng.integers(0, 300, size=9).tolist()]
    found = engine(
        page,
        """const [description, data, one, two, where] = values;
        const told = [];
        const model = await scripts.openModel({ description, bytes: bytesOf(data), onchange() {},
          source: where === "worker" ? source : "", onerror: error => told.push(error.message) });
        const first = await model.read(one);
        const kept = model.states.slice(0, 13);
        const late = model.read(two.slice(0, 20));
        const second = await model.read(two);
        const same = kept.every((state, t) => state === model.states[t]);
        const lens = await model.lens(22), gone = await model.lens(23);
        model.stop();
        return [first, await late, second, same, model.place, model.states.map(s => s.token),
          model.states.map(s => [...s.logits]), lens.map(row => [...row]), gone, told];""",
        *model,
        one,
        two,
        where,
    )
    first, late, second, same, place, tokens, logits, lens, gone, told = found
    assert [first, late, second, same, place] == [True, False, True, True, where]
    assert (tokens, gone, told) == (two, None, [])
    reading = read(rounded(tiny_gpt()).model, two)
    assert_allclose(logits, reading.logits, atol=1e-4)
    assert_allclose(lens, reading.lens[:, 22], atol=1e-4)


@pytest.mark.parametrize("where", ["worker", "page"])
def test_a_long_reading_is_given_up_for_the_next_one(page, rng, where):
    loaded = tiny_gpt(width=192, heads=6, ffn_width=512, layers=4, context=256)  # slow enough to be interrupted
    data = packed(loaded.model)
    long, short = (rng.integers(0, 300, size=n).tolist() for n in (256, 9))
    found = engine(
        page,
        """const [description, data, long, short, where] = values;
        const model = await scripts.openModel({ description, bytes: bytesOf(data), onchange() {},
          source: where === "worker" ? source : "", onerror(error) { throw error; } });
        const late = model.read(long);
        while (model.states.length < 3) await new Promise(done => setTimeout(done, 1));
        const done = await model.read(short);
        await new Promise(done => setTimeout(done, 300));
        return [await late, done, model.states.map(state => state.token)];""",
        describe(loaded, data),
        base64.b64encode(data).decode(),
        long,
        short,
        where,
    )
    assert found == [False, True, short]


def test_a_fault_in_the_decoder_is_told(page, model):
    found = engine(
        page,
        """const [description, data] = values;
        const told = [];
        const model = await scripts.openModel({ description, bytes: bytesOf(data), source: "", onchange() {},
          onerror: error => told.push(error.message) });
        model.read(Array(40).fill(1));
        while (!told.length) await new Promise(done => setTimeout(done, 10));
        return told;""",
        *model,
    )
    assert found == ["the context of 32 tokens is full"]


def test_the_sum_of_the_bytes_is_adlers(page, rng):
    for size in (0, 1, 5000, 70_000):
        data = rng.bytes(size)
        found = engine(page, "return scripts.adler32(bytesOf(values[0]));", base64.b64encode(data).decode())
        assert found == zlib.adler32(data)


@pytest.mark.parametrize(
    "text",
    [
        "And it came to pass in those days, that the king sent messengers unto all the land, saying, Go ye up. " * 9,
        "Please restart the server (it’s at 10.0.0.7) and clear the cache: rm -rf ~/.cache && echo “fertig” 😉\n" * 5,
    ],
)
def test_the_course_gpt_in_a_browser_is_torchs_within_the_tolerance_that_the_page_states(page, text):
    loaded = course_gpt()
    data = packed(loaded.model)
    ids = [0, *loaded.tokenizer.encode(text)][:256]
    assert len(ids) > 200
    shown = range(0, len(ids), 9)
    found = engine(
        page,
        OPEN
        + """const tokens = scripts.createTokenizer(description.tokenizer).encode(values[3]);
        ids.forEach(id => decoder.append(id));
        return [tokens, values[4].map(t => [...decoder.logits(t)])];""",
        describe(loaded, data),
        base64.b64encode(data).decode(),
        ids,
        text,
        list(shown),
    )
    assert found[0] == loaded.tokenizer.encode(text)
    exact, stored = read(loaded.model, ids).logits[::9], read(quantized(loaded.model), ids).logits[::9]
    assert_allclose(found[1], stored, atol=2e-4)
    assert np.abs(found[1] - exact).max() <= TOLERANCE
    assert np.abs(found[1] - exact).max() > 0.02  # rounding is there, and can be seen
