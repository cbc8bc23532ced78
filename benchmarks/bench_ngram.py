"""Our n-gram models beside NLTK's: seconds to fit, seconds to score held-out text, and their ratio. Asserts nothing.

    python benchmarks/bench_ngram.py [--whole]

Order 5, characters, the King James text, the last tenth held out. First ours on all of it. Then add-k on a slice, the
same for both; ``--whole`` gives NLTK all of it (some minutes, several gigabytes). NLTK's Kneser–Ney looks through its
contexts again for each probability, so its slice is small.
"""

import argparse
import math
import time
from collections.abc import Callable
from typing import Any

from nltk.lm import KneserNeyInterpolated, Lidstone
from nltk.lm.api import LanguageModel
from nltk.util import everygrams, ngrams

from llmcourse import data
from llmcourse.language.ngram import AddK, KneserNey, NGramModel, Vocabulary

ORDER, K, DISCOUNT = 5, 0.1, 0.75


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """How long ``work`` takes, and what it returns."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def ours(train: str, test: str, smoothing: AddK | KneserNey, vocabulary: Vocabulary) -> tuple[float, float, float]:
    """Seconds to fit, seconds to score, and bits per token without the first ORDER tokens."""
    fit, model = seconds(lambda: NGramModel.fit(train, order=ORDER, smoothing=smoothing, vocabulary=vocabulary))
    score, logp = seconds(lambda: model.log_probabilities(test))
    return fit, score, -float(logp[ORDER:].mean()) / math.log(2)


def theirs(train: str, test: str, model: LanguageModel) -> tuple[float, float, float]:
    """The same for a model of NLTK's."""
    grams = everygrams(list(train), max_len=ORDER + 1)
    fit, _ = seconds(lambda: model.fit([grams], vocabulary_text=list(train)))
    score, bits = seconds(lambda: model.entropy(list(ngrams(test, ORDER + 1))))
    return fit, score, bits


def compare(name: str, train: str, test: str, smoothing: AddK | KneserNey, model: LanguageModel) -> None:
    """Print both and the ratios."""
    vocabulary = Vocabulary.from_text(train + test, unknown="<UNK>")
    a, b = ours(train, test, smoothing, vocabulary), theirs(train, test, model)
    print(f"{name}: {len(train):,} characters fitted, {len(test):,} scored")
    for who, (fit, score, bits) in (("llmcourse", a), ("nltk", b)):
        print(f"  {who:<10} fit {fit:8.3f} s   score {score:8.3f} s   {bits:.4f} bits per character")
    print(f"  ratio      fit {b[0] / a[0]:7.1f} ×   score {b[1] / a[1]:7.1f} ×   both {sum(b[:2]) / sum(a[:2]):.1f} ×")


def main() -> None:
    """Run the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--whole", action="store_true", help="give NLTK the whole text for add-k")
    whole = parser.parse_args().whole
    text = data.read("kjv")
    cut = len(text) * 9 // 10
    train, test = text[:cut], text[cut:]

    vocabulary = Vocabulary.from_text(text)
    for name, smoothing in (("add-k", AddK(k=K)), ("Kneser–Ney", KneserNey())):
        fit, score, bits = ours(train, test, smoothing, vocabulary)
        print(f"{name}, the whole text: {len(train):,} characters fitted in {fit:.2f} s, ", end="")
        print(f"{len(test):,} scored in {score:.2f} s, {bits:.4f} bits per character")

    size = len(train) if whole else 400_000
    compare("add-k", train[:size], test[: size // 10], AddK(k=K), Lidstone(K, ORDER + 1))
    # NLTK's unigram level is not interpolated with 1/V: the bits differ slightly, the work does not.
    kneser_ney = KneserNeyInterpolated(ORDER + 1, DISCOUNT)
    compare("Kneser–Ney", train[:10_000], train[10_000:10_200], KneserNey(discount=DISCOUNT), kneser_ney)


if __name__ == "__main__":
    main()
