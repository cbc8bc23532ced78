"""Byte-pair encoding: cutting, learning, merging, files."""

from tests.planted import Mutant

LANGUAGE, UNIT = "src/llmcourse/language", "tests/unit/language"
MERGES = f"{UNIT}/test_bpe_merges.py"
PRETOKENIZE = f"{UNIT}/test_bpe_pretokenize.py"
TOKENIZER = f"{UNIT}/test_bpe.py"
FILES = f"{UNIT}/test_bpe_files.py"

MUTANTS = (
    # cutting
    Mutant(f"{LANGUAGE}/pretokenize.py", r"|\s+(?![^\s\p{N}])", r"|\s+(?!\S)", PRETOKENIZE),
    Mutant(f"{LANGUAGE}/pretokenize.py", r'in (r"\p{L}", r"\p{N}"):', r'in (r"\p{L}",):', PRETOKENIZE),
    Mutant(
        f"{LANGUAGE}/pretokenize.py",
        r"| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
        r"| ?\p{N}+| ?[^\s\p{L}\p{N}]+",
        "tests/oracles/test_bpe_tiktoken.py -k any_text",
    ),
    # learning
    Mutant(f"{LANGUAGE}/bpe_merges.py", "        if -n != count[pair]:", "        if not count[pair]:", MERGES),
    Mutant(f"{LANGUAGE}/bpe_merges.py", "places[now].add(place)", "places[now].add(0)", MERGES),
    Mutant(f"{LANGUAGE}/bpe_merges.py", "if new in now:", "if new == now[0]:", MERGES),
    Mutant(f"{LANGUAGE}/bpe_merges.py", "count[old] -= times[place]", "count[old] -= 1", MERGES),
    Mutant(
        f"{LANGUAGE}/bpe_merges.py",
        "queue = [(-n, pair) for pair, n in count.items()]",
        "queue = [(-n, pair) for pair, n in count.items() if pair[0] != pair[1]]",
        MERGES,
    ),
    Mutant(
        f"{LANGUAGE}/bpe_files.py",
        "BYTE_ORDER = _PRINTABLE + _OTHERS",
        "BYTE_ORDER = tuple(range(256))",
        "tests/oracles/test_bpe_tokenizers.py -k training",
    ),
    # merging
    Mutant(f"{LANGUAGE}/bpe_merges.py", "min(known, key=made.__getitem__)", "known[0]", MERGES),
    Mutant(
        f"{LANGUAGE}/bpe_merges.py",
        "made.get((tokens[i], tokens[j])) != new",
        "gone in (tokens[i], tokens[j])",
        MERGES,
    ),
    Mutant(f"{LANGUAGE}/bpe_merges.py", "before[after[i]] = i", "before[after[i]] = j", MERGES),
    # encoding and decoding
    Mutant(f"{LANGUAGE}/bpe.py", "if not (allow_special and self.special):", "if not self.special:", TOKENIZER),
    Mutant(f"{LANGUAGE}/bpe.py", "sorted(self.special, key=len, reverse=True)", "self.special", TOKENIZER),
    Mutant(f"{LANGUAGE}/bpe.py", "re.escape(name)", "name", TOKENIZER),
    Mutant(
        f"{LANGUAGE}/bpe.py",
        'data.decode("utf-8", errors="surrogateescape")',
        'data.decode("utf-8", errors="replace")',
        TOKENIZER,
    ),
    Mutant(f"{LANGUAGE}/bpe.py", "if not 0 <= i < len(self)]", "if not i < len(self)]", TOKENIZER),
    Mutant(f"{LANGUAGE}/bpe.py", "if new <= last:", "if new < 0:", TOKENIZER),
    Mutant(f"{LANGUAGE}/bpe.py", "if len(tokens) < vocab_size:", "if False:", TOKENIZER),
    # files
    Mutant("src/llmcourse/files.py", "os.replace(part, path)", "path.write_bytes(part.read_bytes())", FILES),
    Mutant(f"{LANGUAGE}/bpe_files.py", 'content.get("version") != VERSION', '"version" not in content', FILES),
    Mutant(f"{LANGUAGE}/bpe_files.py", "if kind == _SPECIAL}", "if kind == _NORMAL}", FILES),
)
