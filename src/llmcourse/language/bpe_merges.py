r"""Byte-pair encoding at its core: learning which pairs to merge, and merging them in a new word (standard library).

A word is a list of token ids, at first one per byte. **Learning** looks for the pair of neighbors that is most frequent
in all words together, makes it one new token, and starts again. **Encoding** does the same merges in the same order to
a word that may never have been seen.

**Ties.** Of several pairs that are equally frequent, the one with the lowest ids is merged: the lowest left id, and if
that is equal too, the lowest right id. This is the rule of Hugging Face's ``tokenizers``, and with their order of the
first 256 ids (see ``bpe_files.BYTE_ORDER``) it gives their merges. Others break ties otherwise: Sennrich's published
program takes the highest, minbpe the pair that it met first.

**What counts as one occurrence.** In a word like "aaa" the pair (a, a) stands twice, at 0 and at 1, and is counted
twice, though only one of the two can be merged. Merging goes from left to right.

**Why the id of a merged token is its rank.** The token of the first merge gets the first free id, that of the second
the next. So "the merge that was learned first" is "the merge that makes the lowest id", and one table, pair to new id,
holds both what to merge and when.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

__all__ = ["Pair", "learn_merges", "merge_long_word", "merge_word", "replace_pair"]

Pair = tuple[int, int]


def replace_pair(ids: Sequence[int], pair: Pair, new: int) -> list[int]:
    """``ids`` with ``new``, an id that is not among them, for each occurrence of ``pair``, found from left to right.

    Derivation: a definition.

    >>> replace_pair([7, 7, 7, 8], (7, 7), 9)
    [9, 7, 8]
    """
    left, right = pair
    replaced: list[int] = []
    for i in ids:
        if i == right and replaced and replaced[-1] == left:
            replaced[-1] = new
        else:
            replaced.append(i)
    return replaced


def learn_merges(words: Mapping[tuple[int, ...], int], *, new: int) -> Iterator[tuple[Pair, int]]:
    """The pairs to merge, most frequent first, each with its count; the merged tokens get the ids ``new``, new + 1, ….

    ``words`` says how often each word occurs. Ends when every word is one token. After a merge only the words that hold
    the pair are counted again. The queue holds each pair under a count that may be out of date, but never too low:
    other merges take occurrences away, and every pair that they bring forth has the new token in it.

    Source:  Sennrich et al. (2016), algorithm 1; the tie-break is ours to state, see above. {cite}`sennrich2016`

    >>> list(learn_merges({(1, 2, 3): 5, (2, 3): 2}, new=4))  # (2, 3) occurs 7 times, then (1, 4) 5 times
    [((2, 3), 7), ((1, 4), 5)]
    """
    spelled, times = [list(word) for word in words], list(words.values())
    count: dict[Pair, int] = defaultdict(int)
    places: dict[Pair, set[int]] = defaultdict(set)  # the words that hold the pair, or once held it
    for place, ids in enumerate(spelled):
        for pair in pairwise(ids):
            count[pair] += times[place]
            places[pair].add(place)
    queue = [(-n, pair) for pair, n in count.items()]  # the smallest comes first: highest count, then lowest ids
    heapify(queue)
    while queue:
        n, pair = heappop(queue)
        if -n != count[pair]:  # out of date: back into the queue under today's count
            if count[pair]:
                heappush(queue, (-count[pair], pair))
            continue
        yield pair, -n
        brought = set()
        for place in places.pop(pair):
            before = spelled[place]
            after = spelled[place] = replace_pair(before, pair, new)
            for old in pairwise(before):
                count[old] -= times[place]
            for now in pairwise(after):
                count[now] += times[place]
                if new in now:
                    places[now].add(place)
                    brought.add(now)
        for now in brought:
            heappush(queue, (-count[now], now))
        new += 1


def merge_word(ids: list[int], made: Mapping[Pair, int]) -> list[int]:
    """The tokens of one word: as long as two neighbors are a known pair, the pair that was learned first is merged.

    ``made`` gives the id of the token that each pair is merged into.

    Source:  Sennrich et al. (2016), section 3.2. {cite}`sennrich2016`

    >>> merge_word([1, 2, 3, 3], {(2, 3): 4, (1, 2): 5, (4, 3): 6})  # (2, 3) first, and then there is no (1, 2)
    [1, 6]
    """
    while known := [pair for pair in pairwise(ids) if pair in made]:
        first = min(known, key=made.__getitem__)
        ids = replace_pair(ids, first, made[first])
    return ids


def merge_long_word(ids: Sequence[int], made: Mapping[Pair, int]) -> list[int]:
    """The same value as ``merge_word``, in about n log n steps: for a word of thousands of bytes, such as a genome.

    A token stands at the place of its first byte; ``after`` and ``before`` say where its neighbors stand. The queue
    holds possible merges, the one that was learned first in front and, among equals, the leftmost.
    """
    tokens, end, gone = list(ids), len(ids), -1
    after, before = list(range(1, end + 1)), list(range(-1, end - 1))
    queue = [(made[pair], i) for i, pair in enumerate(pairwise(ids)) if pair in made]
    heapify(queue)

    while queue:
        new, i = heappop(queue)
        j = after[i]
        if j == end or made.get((tokens[i], tokens[j])) != new:
            continue  # another merge has taken one of the two tokens
        tokens[i], tokens[j] = new, gone
        after[i] = after[j]
        if after[i] < end:
            before[after[i]] = i
        for left, right in ((before[i], i), (i, after[i])):
            if left >= 0 and right < end and (tokens[left], tokens[right]) in made:
                heappush(queue, (made[tokens[left], tokens[right]], left))
    return [token for token in tokens if token != gone]
