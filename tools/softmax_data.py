"""Write book/assets/data/softmax_prompts.js: SmolLM2's logits after a few prompts, for the widget SoftmaxTemperature.

    .venv/bin/python tools/softmax_data.py

Takes some seconds, and 93 MB of download the first time. Run again when the prompts or their encoding change.
"""

from llmcourse.explore.bundle import data_script
from llmcourse.explore.softmax_prompts import ASSET, FILE, QUESTIONS, TEXTS, prompt_of
from llmcourse.transformer.checkpoint import load


def main() -> None:
    """One classic script with all prompts."""
    loaded = load("smollm2-135m")
    prompts = [prompt_of(loaded, text) for text in TEXTS]
    prompts += [prompt_of(loaded, text, chat=True) for text in QUESTIONS]
    FILE.write_text(data_script(ASSET, prompts), encoding="utf-8", newline="\n")
    for prompt in prompts:
        print(f"{prompt['name']}  {len(prompt['falls']):,} characters; first {prompt['tokens'][:5]}")
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
