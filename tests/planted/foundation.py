"""Chapter 1's mathematics, the texts, the checker, the first two widgets, the site."""

from tests.planted import Mutant

LANGUAGE, UNIT = "src/llmcourse/language", "tests/unit/language"
INFORMATION = f"{UNIT}/test_information.py tests/oracles/test_information_oracles.py"
WIDGETS = "tests/site/test_widgets.py"
NGRAM = f"{UNIT}/test_ngram.py {UNIT}/test_ngram_vocabulary.py"

MUTANTS = (
    # probability
    Mutant(f"{LANGUAGE}/probability.py", "if (p < 0).any():", "if (p < -1).any():", f"{UNIT}/test_probability.py"),
    Mutant(f"{LANGUAGE}/probability.py", "atol=TOLERANCE", "atol=0.5", f"{UNIT}/test_probability.py"),
    Mutant(f"{LANGUAGE}/probability.py", 'side="right"', 'side="left"', f"{UNIT}/test_probability.py"),
    Mutant(
        f"{LANGUAGE}/probability.py", "joint / row[:, None]", "joint / joint.sum(axis=0)", f"{UNIT}/test_probability.py"
    ),
    Mutant(f"{LANGUAGE}/probability.py", "where=p > 0).sum", "where=p >= 0).sum", f"{UNIT}/test_probability.py"),
    Mutant(
        f"{LANGUAGE}/probability.py",
        "np.log(token_probabilities).sum(axis=-1)",
        "np.log(token_probabilities.prod(axis=-1))",
        f"{UNIT}/test_probability.py",
    ),
    # softmax
    Mutant(f"{LANGUAGE}/softmax.py", "+ peak[..., 0]", "- peak[..., 0]", f"{UNIT}/test_softmax.py"),
    Mutant(
        f"{LANGUAGE}/softmax.py", "if not 0 < temperature < np.inf:", "if temperature < 0:", f"{UNIT}/test_softmax.py"
    ),
    Mutant(
        f"{LANGUAGE}/softmax.py",
        "(z - z.max(axis=-1, keepdims=True)) / temperature",
        "(z - z.max(axis=-1, keepdims=True)) * temperature",
        f"{UNIT}/test_softmax.py",
    ),
    Mutant(
        f"{LANGUAGE}/softmax.py",
        "np.exp(scaled - scaled.max(axis=-1, keepdims=True))",
        "np.exp(z)",
        f"{UNIT}/test_softmax.py",
    ),
    # information
    Mutant(f"{LANGUAGE}/information.py", "/ np.log(base)", "", INFORMATION),
    Mutant(
        f"{LANGUAGE}/information.py",
        "expectation(p, surprise(q, base=base))",
        "expectation(q, surprise(p, base=base))",
        INFORMATION,
    ),
    Mutant(
        f"{LANGUAGE}/information.py",
        "surprise(q, base=base) - surprise(p, base=base)",
        "surprise(p, base=base) - surprise(q, base=base)",
        INFORMATION,
    ),
    Mutant(
        f"{LANGUAGE}/information.py",
        "entropy(marginal(joint.T), base=base)",
        "entropy(marginal(joint), base=base)",
        INFORMATION,
    ),
    Mutant(f"{LANGUAGE}/information.py", "np.exp2(entropy(p))", "np.exp(entropy(p))", INFORMATION),
    Mutant(f"{LANGUAGE}/information.py", "base=np.e).mean(axis=-1)", "base=np.e).sum(axis=-1)", INFORMATION),
    # coding
    Mutant(
        f"{LANGUAGE}/coding.py",
        "low + width * edges[token]",
        "low + width * edges[token + 1]",
        f"{UNIT}/test_coding.py",
    ),
    Mutant(
        f"{LANGUAGE}/coding.py",
        "if numerator + 1 <= (low + width)",
        "if numerator <= (low + width)",
        f"{UNIT}/test_coding.py",
    ),
    Mutant(f"{LANGUAGE}/coding.py", "[skip:].sum()", ".sum()", f"{UNIT}/test_coding.py"),
    # n-grams
    Mutant(
        f"{LANGUAGE}/counts.py", "np.bincount(suffix[place], minlength", "np.bincount(context[place], minlength", NGRAM
    ),
    Mutant(
        f"{LANGUAGE}/counts.py",
        "kinds = np.bincount(context[weights > 0], minlength=contexts + 1)",
        "kinds = np.bincount(context, minlength=contexts + 1)",
        NGRAM,
    ),
    Mutant(f"{LANGUAGE}/smoothing.py", "return once / (once + 2 * twice) if", "return once / (once + twice) if", NGRAM),
    Mutant(f"{LANGUAGE}/ngram.py", "discount * level.kinds[context] * lower", "discount * lower", NGRAM),
    Mutant(
        f"{LANGUAGE}/ngram.py", "/ np.log(2) / len(text))", "/ np.log(2) / len(self.vocabulary.encode(text)))", NGRAM
    ),
    Mutant(f"{LANGUAGE}/ngram.py", "return ids[max(0, ids.size - self.order) :]", "return ids[: self.order]", NGRAM),
    Mutant(f"{LANGUAGE}/ngram.py", "p = np.full(size, 1 / size)", "p = np.zeros(size)", NGRAM),
    # data
    Mutant(
        "src/llmcourse/data.py", "        if got != asset.sha256:", '        if got == "":', "tests/unit/test_data.py"
    ),
    Mutant(
        "src/llmcourse/data.py",
        'for verse in verses if verse != "[]")',
        "for verse in verses)",
        "tests/unit/test_data.py",
    ),
    Mutant(
        "src/llmcourse/data.py",
        "    if _is_right(path, asset):\n",
        "    if path.exists():\n",
        "tests/unit/test_data.py",
    ),
    # showing and checking
    Mutant(
        "src/llmcourse/source.py",
        "key=lambda node: node.lineno, reverse=True)",
        "key=lambda node: node.lineno)",
        "tests/unit/test_source.py",
    ),
    Mutant("src/llmcourse/plots.py", 'r"<\\/"', '"</"', "tests/unit/test_plots.py"),
    Mutant(
        "src/llmcourse/exercises/checker.py",
        "            if first in telling and all(",
        "            if first in telling and any(",
        "tests/unit/exercises/test_checker.py",
    ),
    Mutant(
        "src/llmcourse/exercises/checker.py",
        "rtol=tolerance, atol=1e-9",
        "rtol=tolerance, atol=tolerance",
        "tests/unit/exercises/test_checker.py",
    ),
    Mutant(
        "src/llmcourse/exercises/checker.py",
        "close = got.shape == want.shape and ",
        "close = ",
        "tests/unit/exercises/test_checker.py",
    ),
    # widgets: the page's own mathematics, its host, and what Python refuses
    Mutant(
        "src/llmcourse/explore/entropy.js",
        "  return -UNITS[unit].log(p) + 0;",
        "  return -Math.log2(p) + 0;",
        f"{WIDGETS} -k random_distributions",
    ),
    Mutant(
        "src/llmcourse/explore/entropy.js",
        "(pv > 0 ? pv * surprise(q[i], unit) : 0)",
        "pv * surprise(q[i], unit)",
        f"{WIDGETS} -k zeros_and_infinities",
    ),
    Mutant(
        "src/llmcourse/explore/entropy.js",
        "return others > 0 ? (pv / others) * (1 - value) : (1 - value) / (p.length - 1);",
        "return (1 - value) / (p.length - 1);",
        f"{WIDGETS} -k keys_move",
    ),
    Mutant(
        "src/llmcourse/explore/ngram.js",
        "once / (once + 2 * twice)",
        "once / (once + twice)",
        f"{WIDGETS} -k every_order",
    ),
    Mutant(
        "src/llmcourse/explore/ngram.js",
        "let t = Math.imul(a ^ (a >>> 15), a | 1);",
        "let t = Math.imul(a ^ (a >>> 15), a);",
        f"{WIDGETS} -k buttons_draw",
    ),
    Mutant(
        "book/assets/js/host.js",
        'if (typeof entry.cleanup === "function") entry.cleanup();',
        "entry.cleanup;",
        f"{WIDGETS} -k unmounts_cleans",
    ),
    Mutant(
        "src/llmcourse/explore/markup.py", r'text.replace("<", "\\u003c")', "text", "tests/unit/explore/test_markup.py"
    ),
    Mutant(
        "src/llmcourse/explore/entropy.py",
        "check(len(labels) == len(set(labels)),",
        "check(True,",
        "tests/unit/explore/test_entropy.py",
    ),
    # the site's extensions
    Mutant(
        "book/_ext/lc_figures.py", 'prefix=f"f{number}-"', 'prefix="f-"', "tests/site/test_pages.py -k share_no_ids"
    ),
    Mutant(
        "book/_ext/lc_figures.py",
        'colors = {value.lower(): f"var(--lc-{name})"',
        "colors = {value.lower(): value",
        "tests/site/test_site.py -k take_the_colors",
    ),
    Mutant(
        "tools/notebooks.py",
        "        if name not in readable or name in used:",
        "        if name not in readable:",
        "tests/unit/test_notebooks_tool.py",
    ),
)
