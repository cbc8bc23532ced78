r"""How much of a text stands word for word in another: the longest copied run that ends at each word (numpy).

Language repeats itself. "And it came to pass" stands in the Bible again and again, and a model that writes it need not
have learned any one place by heart. So a length alone says little: compare it with that of as much real text of the
same kind that the model has never read.
"""

from collections.abc import Sequence

import numpy as np

from llmcourse.shapes import Int

__all__ = ["copied_runs"]


def copied_runs(texts: Sequence[str], seen: str) -> list[Int[np.ndarray, " N"]]:
    r"""For each word of each text, how many words the longest run has that ends with it and stands in ``seen`` too.

    Words are what blanks and line ends separate; capitals and signs count. The largest number of a text is the length
    of the longest passage that it shares with ``seen``; 0 is a word that ``seen`` does not have.

    Raises:  ValueError if ``seen`` or one of the texts has no words.
    Derivation: a run that ends with word t, found at place s, is one word longer than that which ended with word t − 1
             at place s − 1, or has length 1 if there was none.

    >>> copied_runs(["in the beginning God made the heaven"], "In the beginning God created the heaven")[0].tolist()
    [0, 1, 2, 3, 0, 1, 2]
    """
    words = seen.split()
    if not words:
        raise ValueError("the text that may have been copied has 0 words")
    ids = {word: i for i, word in enumerate(dict.fromkeys(words))}
    row = np.array([ids[word] for word in words])
    order = np.argsort(row, kind="stable")  # the places of word 0, then those of word 1, …, each in ascending order
    places = np.split(order, np.searchsorted(row[order], np.arange(1, len(ids))))
    return [_runs([places[ids[word]] if word in ids else order[:0] for word in _words(text)]) for text in texts]


def _words(text: str) -> list[str]:
    words = text.split()
    if not words:
        raise ValueError("one of the texts has 0 words")
    return words


def _runs(places: Sequence[Int[np.ndarray, " _"]]) -> Int[np.ndarray, " N"]:
    longest = np.zeros(len(places), dtype=np.int64)
    nowhere = np.array([-2]), np.array([0])  # a place that no word stands next to: every array below has an entry
    ends, lengths = nowhere
    for t, here in enumerate(places):
        if not len(here):
            ends, lengths = nowhere
            continue
        before = np.minimum(np.searchsorted(ends, here - 1), len(ends) - 1)
        goes_on = ends[before] == here - 1
        ends, lengths = here, 1 + lengths[before] * goes_on
        longest[t] = lengths.max()
    return longest
