"""Published examples of byte-pair encoding: the first paper's, and the one of Wikipedia's article and of minbpe."""

from collections import Counter
from itertools import islice

from llmcourse.language.bpe import Tokenizer
from llmcourse.language.bpe_merges import learn_merges, merge_word


def test_the_example_of_wikipedia_and_minbpe():
    # aaabdaaabac → ZabdZabac → ZYdZYac → XdXac, with Z = aa, Y = ab, X = ZY. In minbpe's README, where a byte is its
    # own id and merged tokens begin at 256: [258, 100, 258, 97, 99].
    tokenizer = Tokenizer.train("aaabdaaabac", vocab_size=256 + 3)
    assert tokenizer.tokens[256:] == [b"aa", b"ab", b"aaab"]
    ids = tokenizer.encode("aaabdaaabac")
    assert [i if i >= 256 else tokenizer.tokens[i][0] for i in ids] == [258, 100, 258, 97, 99]


def test_the_toy_corpus_of_the_first_paper():
    # Sennrich et al. (2016), algorithm 1, after ten merges: es 9, est 9, est· 9, lo 7, low 7, ne 6, new 6, newest· 6,
    # low· 5, wi 3 (· is the end of a word). How its listing breaks ties, by the order of a dictionary, is not our rule:
    # we reach est· through t· instead of est, and newest· and the third merge at 3 otherwise. Counts and words agree.
    letters = sorted(set("lowernstid") | {"·"})
    corpus = {"low·": 5, "lower·": 2, "newest·": 6, "widest·": 3}
    words = {tuple(map(letters.index, word)): n for word, n in corpus.items()}
    learned = list(islice(learn_merges(words, new=len(letters)), 10))
    assert [count for _, count in learned] == [9, 9, 9, 7, 7, 6, 6, 6, 5, 3]
    spelled = list(letters)
    for (left, right), _ in learned:
        spelled.append(spelled[left] + spelled[right])
    assert {"es", "est·", "lo", "low", "newest·", "low·"} <= set(spelled)
    made = {pair: len(letters) + i for i, (pair, _) in enumerate(learned)}
    assert [spelled[i] for i in merge_word(list(map(letters.index, "lowest·")), made)] == ["low", "est·"]


def test_the_arithmetic_of_gpt2s_vocabulary():
    # Radford et al. (2019), section 2.3: 50,257 tokens, which are 256 bytes, 50,000 merges and <|endoftext|>. The same
    # sum for our sizes, with the counts taken from the tokenizer itself.
    text = "low lower lowest new newer newest wide wider widest"
    tokenizer = Tokenizer.train(text, vocab_size=256 + 20 + 1, special=("<|endoftext|>",))
    kinds = Counter(
        "special" if i in tokenizer.special.values() else "byte" if len(token) == 1 else "merged"
        for i, token in enumerate(tokenizer.tokens)
    )
    assert kinds == {"byte": 256, "merged": 20, "special": 1}
