"""A tree of texts and what each way to decode makes of it: branches that stay, and how likely each leaf is (anywidget).

decoding.js computes every number itself, so the widget also lives on a page without a kernel;
tests/site/test_widget_decoding_tree.py holds it to ``llmcourse.inference``.
"""

import math
from typing import Any, ClassVar

import numpy as np
import traitlets

from llmcourse.explore.decoding_tree_picture import draw
from llmcourse.explore.decoding_trees import DEPTH, END, LEAVES, TREES, Tree, model_of
from llmcourse.explore.markup import Markup
from llmcourse.explore.widget import Widget, check
from llmcourse.inference.beam import Beam, beam_steps, of_each
from llmcourse.inference.sampling import next_distribution
from llmcourse.inference.sequences import Law, law_entropy, one_hot, sequence_law, total_variation
from llmcourse.inference.speculative import acceptance, expected_round, expected_tokens, residual, speculative_law
from llmcourse.shapes import Float

MIN_TAU, MAX_TAU = 0.05, 20.0


class DecodingTree(Widget):
    """The fifteen texts of a small model, with their probabilities under the model and under a way to decode.

    ``trees`` are the models (see ``decoding_trees``), ``tree`` the name of the one that is shown. ``algorithm`` is
    greedy, beam, sampling or speculative; each reads its own settings. ``step`` is how many tokens have been decided.
    ``repair`` says what a rejected draft is replaced from: the residual, or (wrongly) the target once more.

    Raises:  traitlets.TraitError for values that a view could not show.
    """

    script: ClassVar[str] = "decoding_tree"

    trees = traitlets.List(traitlets.Dict()).tag(sync=True)
    tree = traitlets.Unicode("").tag(sync=True)
    algorithm = traitlets.Enum(("greedy", "beam", "sampling", "speculative"), default_value="greedy").tag(sync=True)
    step = traitlets.Int(DEPTH, min=0, max=DEPTH).tag(sync=True)
    width = traitlets.Int(2, min=1, max=6).tag(sync=True)
    length_penalty = traitlets.Float(0.0, min=0, max=3).tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)
    top_k = traitlets.Int(0, min=0, max=2).tag(sync=True)
    top_p = traitlets.Float(1.0).tag(sync=True)
    gamma = traitlets.Int(2, min=1, max=3).tag(sync=True)
    repair = traitlets.Enum(("residual", "target"), default_value="residual").tag(sync=True)

    def __init__(self, tree: str = "", *, trees: tuple[Tree, ...] = TREES, **options: Any) -> None:
        super().__init__(trees=list(trees), tree=tree or trees[0]["name"], **options)

    @traitlets.validate("trees")
    def _valid_trees(self, proposal: dict[str, Any]) -> list[Tree]:
        names = [one.get("name") for one in proposal["value"]]
        check(bool(names) and all(names) and len(set(names)) == len(names), f"trees need names that differ: {names}")
        for one in proposal["value"]:
            words = one.get("tokens", [])
            check(len(words) == 3 and all(words), f"a tree has 3 tokens, the last of which ends a text, got {words}")
            for part in ("target", "draft"):
                try:
                    model_of(one.get(part, []))
                except ValueError as error:
                    raise traitlets.TraitError(f"{part} of {one['name']!r}: {error}") from None
        return proposal["value"]

    @traitlets.validate("tree")
    def _valid_tree(self, proposal: dict[str, Any]) -> str:
        names = [one["name"] for one in self.trees]
        check(proposal["value"] in names, f"no tree is named {proposal['value']!r}; there are {', '.join(names)}")
        return proposal["value"]

    @traitlets.validate("temperature")
    def _valid_temperature(self, proposal: dict[str, Any]) -> float:
        tau = proposal["value"]
        check(MIN_TAU <= tau <= MAX_TAU, f"the temperature must lie between {MIN_TAU} and {MAX_TAU}, got {tau}")
        return tau

    @traitlets.validate("top_p")
    def _valid_top_p(self, proposal: dict[str, Any]) -> float:
        mass = proposal["value"]
        check(0 < mass <= 1, f"top_p must lie above 0 and not above 1 (which leaves it out), got {mass}")
        return mass

    def chosen(self) -> dict[str, Any]:
        """The tree that is shown."""
        return next(one for one in self.trees if one["name"] == self.tree)

    def truth(self) -> Law:
        """The model's own law of texts."""
        return sequence_law(model_of(self.chosen()["target"]), depth=DEPTH, end=END)

    def beams(self) -> list[Beam]:
        """What beam search keeps after each of its steps."""
        target = of_each(model_of(self.chosen()["target"]))
        return list(beam_steps(target, width=self.width, max_new=DEPTH, end=END, length_penalty=self.length_penalty))

    def law(self) -> Law:
        """The law of the texts that the algorithm writes."""
        target, draft = model_of(self.chosen()["target"]), model_of(self.chosen()["draft"])
        if self.algorithm == "beam":
            return {self.beams()[-1].done[0].tokens: 1.0}
        if self.algorithm == "speculative":
            repair = residual if self.repair == "residual" else lambda p, q: p
            return speculative_law(target, draft, gamma=self.gamma, depth=DEPTH, end=END, repair=repair)
        if self.algorithm == "greedy":
            return sequence_law(target, depth=DEPTH, end=END, rule=one_hot)
        settings: dict[str, Any] = {"top_k": self.top_k or None, "top_p": self.top_p if self.top_p < 1 else None}

        def rule(p: Float[np.ndarray, " V"]) -> Float[np.ndarray, " V"]:
            with np.errstate(divide="ignore"):
                return next_distribution(np.log(p), temperature=self.temperature, **settings)

        return sequence_law(target, depth=DEPTH, end=END, rule=rule)

    def kept(self) -> dict[tuple[int, ...], float]:
        """The beginnings and texts that are alive after ``step`` tokens, each with its probability.

        For beam search it is the model's, for the others the algorithm's. Shorter beginnings of those are alive too.
        """
        if self.algorithm == "beam" and self.step > 0:
            beams = self.beams()
            now = beams[min(self.step, len(beams)) - 1]
            going = () if self.step >= len(beams) else now.live
            return {one.tokens: math.exp(one.logp) for one in (*going, *now.done)}
        found: dict[tuple[int, ...], float] = {}
        for text, p in self.law().items():
            if p > 0:
                found[text[: self.step]] = found.get(text[: self.step], 0.0) + p
        return found

    def numbers(self) -> dict[str, float]:
        """The numbers beside the tree, by the names they have in the page (``data-key``)."""
        law, truth, one = self.law(), self.truth(), self.chosen()
        likeliest = max(LEAVES, key=lambda text: law.get(text, 0.0))
        values = {
            "distance": total_variation(law, truth),
            "entropy": law_entropy(law),
            "model_entropy": law_entropy(truth),
            "likeliest": truth.get(likeliest, 0.0),
            "mode": max(truth.values()),
        }
        if self.algorithm == "speculative":
            target, draft = model_of(one["target"]), model_of(one["draft"])
            alpha = float(acceptance(target(()), draft(())))
            values["alpha"] = alpha
            values["round"] = expected_round(target, draft, gamma=self.gamma, depth=DEPTH, end=END)
            values["formula"] = expected_tokens(alpha, self.gamma)
        return values

    def picture(self) -> Markup:
        """The tree, the rows and the numbers, as the script draws them."""
        return draw(self)
