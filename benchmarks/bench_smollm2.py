"""SmolLM2 in our code beside transformers: speed of writing and reading, memory. Ratios in one run; asserts nothing.

    python benchmarks/bench_smollm2.py [--rounds 5]

Bound.    To write one token every weight must be read once, so the time is at least the bytes of the weights ÷ the read
          bandwidth. The bandwidth is measured in each round: ``torch.sum`` over as many float32 numbers as the model
          has, in one piece, with the same threads, the best of three. In two kinds of memory: as ``torch.empty`` gives
          it, in pages of 4 kB, and as ``numpy.empty`` does, for which Linux is asked for pages of 2 MB: the packed
          weights stand there. (On other systems the two are alike.)
Writing.  Time for a further token: 40 tokens less 8, divided by 32, so that reading the prompt does not count. Ours is
          ``generate``, packed and plain; theirs is ``generate`` of transformers, greedy, with its cache. Float32, the
          same weights and threads; all three write the same tokens.
Reading.  The logits after 512 tokens, without a cache.
Memory.   In fresh processes: the peak while loading, reading 512 tokens and writing 8, less the peak after the imports.

Each round measures everything in turn; shown are the best times, and of the rounds' ratios the median and the range.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from llmcourse.inference.generate import generate
from llmcourse.inference.sampling import greedy
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.llama import NAMES, Llama
from llmcourse.transformer.rotary import permute_pairs

PROMPT, TEXT = list(range(100, 120)), list(range(100, 612))
FEW, MANY = 8, 40


def seconds(work: Callable[[], Any]) -> float:
    """How long ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_transformers(model: Llama) -> LlamaForCausalLM:
    """The same model in transformers, sharing the weights but for the reordered rows of queries and keys."""
    c = model.config
    with torch.device("meta"):
        theirs = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=c.vocab,
                hidden_size=c.width,
                intermediate_size=c.ffn_width,
                num_hidden_layers=c.layers,
                num_attention_heads=c.heads,
                num_key_value_heads=c.groups,
                max_position_embeddings=c.context,
                rms_norm_eps=c.norm_eps,
                rope_parameters={"rope_type": "default", "rope_theta": c.rope_base},
                tie_word_embeddings=c.tied,
                bos_token_id=1,
                eos_token_id=None,
                pad_token_id=2,
            )
        )
    weights = {}
    for name, tensor in model.named_parameters():
        stem, block = name.removesuffix(".weight"), ""
        if stem.startswith("blocks."):
            _, number, stem = stem.split(".", 2)
            block = f"layers.{number}."
        if stem in ("attention.to_q", "attention.to_k"):
            tensor = permute_pairs(tensor, c.heads if stem.endswith("q") else c.groups, to="half")
        theirs_name = next(their for their, ours in NAMES.items() if ours == stem)
        weights[f"model.{block}{theirs_name}.weight"] = tensor
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    theirs.load_state_dict(weights, assign=True)
    theirs.model.rotary_emb = type(theirs.model.rotary_emb)(theirs.config)  # its tables were made without numbers
    return theirs.eval()


def per_token(write: Callable[[int], list[int]]) -> float:
    """Seconds for a further token."""
    return (seconds(lambda: write(MANY)) - seconds(lambda: write(FEW))) / (MANY - FEW)


def memory(packed: bool) -> tuple[int, int, int]:
    """Bytes: the peak after the imports, the weights, and the peak after loading, reading and writing."""
    code = f"""
import json, torch
from llmcourse.inference.generate import generate
from llmcourse.inference.sampling import greedy
from llmcourse.transformer.checkpoint import load
def peak():  # of this process alone; resource.getrusage would inherit that of its parent
    status = open("/proc/self/status").read().split()
    return 1024 * int(status[status.index("VmHWM:") + 1])
before = peak()
model = load("smollm2-135m", packed={packed}).model
list(generate(model, {TEXT}, choose=greedy, max_new=8))
print(json.dumps([before, sum(p.nbytes for p in model.parameters()), peak()]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, weights, after = json.loads(done.stdout)
    return before, weights, after


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds

    plain, packed = load("smollm2-135m").model, load("smollm2-135m", packed=True).model
    theirs = in_transformers(plain)
    size = packed.parameter_count
    ordinary, large = torch.ones(size), torch.from_numpy(np.ones(size, np.float32))
    row, text = torch.tensor([PROMPT]), torch.tensor([TEXT])

    def write(model: Llama) -> Callable[[int], list[int]]:
        return lambda count: list(generate(model, PROMPT, choose=greedy, max_new=count))

    def they_write(count: int) -> list[int]:
        out = theirs.generate(row, attention_mask=torch.ones_like(row), max_new_tokens=count, do_sample=False)
        return out[0, len(PROMPT) :].tolist()

    works = {
        "bound": lambda: min(seconds(ordinary.sum) for _ in range(3)),
        "bound, large pages": lambda: min(seconds(large.sum) for _ in range(3)),
        "writes, packed": lambda: per_token(write(packed)),
        "writes, plain": lambda: per_token(write(plain)),
        "writes, theirs": lambda: per_token(they_write),
        "reads, packed": lambda: seconds(lambda: packed(text, last_only=True)),
        "reads, plain": lambda: seconds(lambda: plain(text, last_only=True)),
        "reads, theirs": lambda: seconds(lambda: theirs(text, logits_to_keep=1, use_cache=False)),
    }
    same = write(plain)(MANY) == write(packed)(MANY) == they_write(MANY)
    with torch.inference_mode():
        table = [{name: work() for name, work in works.items()} for _ in range(rounds)]

    print(f"{4 * size / 1e6:.0f} MB, {torch.get_num_threads()} threads, {rounds} rounds; the same tokens: {same}")
    for name in works:
        best = min(line[name] for line in table)
        speed = f"   {4 * size / best / 1e9:5.1f} GB/s" if name.startswith("bound") else ""
        print(f"  {name:<20} {1e3 * best:7.1f} ms{speed}")
    for over, under in (
        ("bound", "writes, packed"),
        ("bound, large pages", "writes, packed"),
        ("writes, theirs", "writes, packed"),
        ("writes, theirs", "writes, plain"),
        ("reads, theirs", "reads, packed"),
        ("reads, theirs", "reads, plain"),
    ):
        each = sorted(line[over] / line[under] for line in table)
        print(f"  {over:>18} ÷ {under:<14} {statistics.median(each):5.2f}   ({each[0]:.2f} to {each[-1]:.2f})")
    if sys.platform == "linux":
        for kind in (True, False):
            before, held, after = memory(kind)
            name, more = "packed" if kind else "plain", (after - before) / held
            print(f"  memory, {name}: {before / 1e6:.0f} MB after imports, peak {after / 1e6:.0f} MB, ", end="")
            print(f"the difference {more:.2f} × the weights")


if __name__ == "__main__":
    main()
