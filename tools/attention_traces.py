"""Write book/assets/data/attention_*.js: SmolLM2's attention on each sentence. Run again when a sentence changes."""

import numpy as np

from llmcourse.explore.attention_sentences import SENTENCES
from llmcourse.explore.attention_trace import FOLDER, decode, error_bound, model_weights, trace_of
from llmcourse.explore.bundle import data_script
from llmcourse.transformer.checkpoint import load

MOST = 300_000  # bytes of a sentence


def main() -> None:
    """One classic script per sentence."""
    loaded = load("smollm2-135m")
    for sentence in SENTENCES:
        trace = trace_of(loaded, sentence["text"], name=sentence["name"])
        path = FOLDER / f"attention_{sentence['name']}.js"
        path.write_text(data_script(path.stem, trace), encoding="utf-8", newline="\n")
        size, count = path.stat().st_size, len(trace["tokens"])
        assert size <= MOST, f"{path.name} has {size:,} bytes"
        worst = np.abs(decode(trace) - model_weights(loaded, trace["ids"])).max()
        print(f"{path.name}: {size:,} bytes, {count} tokens, largest error {worst:.4f} of {error_bound(count):.4f}")


if __name__ == "__main__":
    main()
