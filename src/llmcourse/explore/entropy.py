"""Drag a distribution and watch surprise, entropy, perplexity, cross-entropy and KL follow (anywidget).

entropy.js computes every number itself, so the widget also lives on a page without a kernel;
tests/site/test_widgets.py holds it to ``llmcourse.language.information``.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import traitlets

from llmcourse.explore.entropy_picture import draw
from llmcourse.explore.markup import Markup
from llmcourse.explore.widget import Numbers, Widget, check
from llmcourse.language.information import cross_entropy, entropy, kl_divergence, perplexity, surprise
from llmcourse.language.probability import check_distribution

MAX_OUTCOMES = 64
BASES = {"bits": 2.0, "nats": math.e}
RESERVED = {"none", "uniform", "same as p", "your own"}  # entries that the menus add themselves


class EntropyExplorer(Widget):
    """Bars of a distribution ``p`` to drag, beside a second one ``q`` to compare with, in bits or nats.

    ``presets`` maps a name to probabilities over the same labels, or to ``{"labels": …, "p": …}`` (and ``"q"``).

    Raises:  traitlets.TraitError for anything that is not a distribution over the labels.
    """

    script: ClassVar[str] = "entropy"

    p = Numbers().tag(sync=True)
    q = Numbers(allow_none=True).tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    presets = traitlets.List(traitlets.Dict()).tag(sync=True)
    unit = traitlets.Enum(("bits", "nats"), default_value="bits").tag(sync=True)

    def __init__(
        self,
        p: Any,
        labels: Sequence[str],
        q: Any = None,
        presets: Mapping[str, Any] | None = None,
        unit: str = "bits",
        **options: Any,
    ) -> None:
        labels = list(labels)
        named = [_preset(name, value, labels) for name, value in (presets or {}).items()]
        super().__init__(p=p, labels=labels, q=q, presets=named, unit=unit, **options)

    @traitlets.validate("p")
    def _valid_p(self, proposal: dict[str, Any]) -> list[float]:
        return _distribution("p", proposal["value"], self.labels)

    @traitlets.validate("q")
    def _valid_q(self, proposal: dict[str, Any]) -> list[float] | None:
        value = proposal["value"]
        return None if value is None else _distribution("q", value, self.labels)

    @traitlets.validate("labels")
    def _valid_labels(self, proposal: dict[str, Any]) -> list[str]:
        labels = proposal["value"]
        check(len(labels) == len(set(labels)), f"labels must differ, got {labels}")
        check(len(labels) <= MAX_OUTCOMES, f"{len(labels)} outcomes are too many to drag; at most {MAX_OUTCOMES}")
        check(len(labels) == len(self.p), f"p has {len(self.p)} probabilities for {len(labels)} labels")
        return labels

    def pick(self, name: str) -> None:
        """Show the preset ``name``, as choosing it from the menu does."""
        known = {preset["name"]: preset for preset in self.presets}
        if name not in known:
            raise ValueError(f"no preset named {name!r}; there are {', '.join(map(repr, known)) or 'none'}")
        preset = known[name]
        q = preset.get("q") or (self.q if preset["labels"] == self.labels else None)
        with self.hold_trait_notifications():
            self.p, self.labels, self.q = preset["p"], preset["labels"], q

    def numbers(self) -> dict[str, float]:
        """The numbers under the bars, by the names they have in the page (``data-key``)."""
        p, base = np.array(self.p), BASES[self.unit]
        values = {"entropy": entropy(p, base=base), "perplexity": perplexity(p)}
        if self.q is not None:
            q = np.array(self.q)
            values |= {
                "cross_entropy": cross_entropy(p, q, base=base),
                "kl": kl_divergence(p, q, base=base),
                "kl_reverse": kl_divergence(q, p, base=base),
            }
        return {key: float(value) for key, value in values.items()}

    def surprises(self, which: str = "p") -> list[float]:
        """The surprise of each outcome under ``p`` or ``q``."""
        return surprise(np.array(getattr(self, which)), base=BASES[self.unit]).tolist()

    def picture(self) -> Markup:
        """The rows, the numbers and the areas, as the script draws them."""
        return draw(self)


def letter_presets(text: str, contexts: Sequence[str] = ("", "q", "th")) -> dict[str, list[float]]:
    """How often each letter a–z follows each context in a text, as presets over the 26 letters.

    Case is ignored, and so is everything that is not a letter right after the context.

    >>> letter_presets("Aab ab!", contexts=["a"])["letter after “a”"][:2]
    [0.3333333333333333, 0.6666666666666666]
    """
    letters, text = "abcdefghijklmnopqrstuvwxyz", text.lower()
    presets = {}
    for context in contexts:
        counts = np.array([_overlapping(text, context + letter) for letter in letters])
        if not counts.any():
            raise ValueError(f"no letter follows {context!r} in this text")
        presets[f"letter after “{context}”" if context else "letters"] = (counts / counts.sum()).tolist()
    return presets


def _overlapping(text: str, part: str) -> int:
    """Occurrences of ``part`` in ``text``, overlapping ones included (``str.count`` skips them)."""
    count, start = 0, text.find(part)
    while start >= 0:
        count, start = count + 1, text.find(part, start + 1)
    return count


def _distribution(name: str, values: list[float], labels: Sequence[str]) -> list[float]:
    check(len(values) > 1, f"{name} needs at least two outcomes, got {len(values)}")
    check(len(values) == len(labels), f"{name} has {len(values)} probabilities for {len(labels)} labels")
    try:
        check_distribution(np.array(values), name=name)
    except ValueError as error:
        raise traitlets.TraitError(str(error)) from None
    return values


def _preset(name: str, value: Any, labels: Sequence[str]) -> dict[str, Any]:
    """One entry of the menu: its name, labels, p and perhaps q, all checked."""
    check(name not in RESERVED, f"a preset cannot be named {name!r}: the menu already has that entry")
    given = dict(value) if isinstance(value, Mapping) else {"p": value}
    unknown = sorted(set(given) - {"p", "q", "labels"})
    check(not unknown and "p" in given, f"preset {name!r} needs p, and may have labels and q; it has {sorted(given)}")
    preset = {"name": name, "labels": list(given.get("labels", labels))}
    for key in ("p", "q"):
        if given.get(key) is not None:
            numbers = np.asarray(given[key], dtype=float).tolist()
            preset[key] = _distribution(f"{key} of preset {name!r}", numbers, preset["labels"])
    return preset
