"""Attention of two to four tokens with every intermediate number on the table, each editable (anywidget).

attention_steps.js computes every number itself, so the widget also lives on a page without a kernel;
tests/site/test_widget_attention_steps.py holds it to ``llmcourse.transformer.attention``.
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import traitlets

from llmcourse.explore.attention_steps_picture import draw
from llmcourse.explore.markup import Markup
from llmcourse.explore.widget import Widget, check
from llmcourse.language.softmax import softmax

TOKENS, WIDTHS = range(2, 5), range(1, 5)
MOST = 10.0  # the largest entry, so that e to the largest score is still a number
COMPUTED = ("score", "divided", "masked", "exp", "sum", "weight", "output")


class Matrix(traitlets.List):
    """A list of rows of floats that also takes a NumPy matrix."""

    def __init__(self, **options: Any) -> None:
        super().__init__(traitlets.List(traitlets.Float()), **options)

    def validate(self, obj: Any, value: Any) -> Any:
        """Turn matrices, tuples and whole numbers into lists of floats."""
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if isinstance(value, list | tuple):
            rows = [list(row) if isinstance(row, np.ndarray | tuple) else row for row in value]
            value = [[float(x) if _is_number(x) else x for x in row] if isinstance(row, list) else row for row in rows]
        return super().validate(obj, value)


class AttentionSteps(Widget):
    """Queries, keys and values of two to four tokens, and every number between them and the output.

    ``selected`` names the number that is explained: "score.2.0" is the score of token 2 for token 0 (counted from 0).
    The other names are q, k, v, divided, masked, exp, sum, weight and output.

    Raises:  traitlets.TraitError for shapes that do not fit, entries beyond ±10, or an unknown ``selected``.
    """

    script: ClassVar[str] = "attention_steps"

    q = Matrix().tag(sync=True)
    k = Matrix().tag(sync=True)
    v = Matrix().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    scaled = traitlets.Bool(True).tag(sync=True)
    causal = traitlets.Bool(True).tag(sync=True)
    selected = traitlets.Unicode("score.1.0").tag(sync=True)

    def __init__(
        self,
        q: Any,
        k: Any,
        v: Any,
        labels: Sequence[str],
        *,
        scaled: bool = True,
        causal: bool = True,
        selected: str = "score.1.0",
        **options: Any,
    ) -> None:
        traits = {"q": q, "k": k, "v": v, "labels": list(labels), "scaled": scaled, "causal": causal}
        super().__init__(**traits, selected=selected, **options)

    @traitlets.validate("q", "k", "v", "labels", "selected")
    def _valid(self, proposal: dict[str, Any]) -> Any:
        """The traits must fit each other: all are checked, in one order, whichever was set."""
        new = {name: getattr(self, name) for name in ("q", "k", "v", "labels", "selected")}
        new[proposal["trait"].name] = proposal["value"]
        for name in "qkv":
            _check_matrix(name, new[name], new["labels"])
        q, k, labels = new["q"], new["k"], new["labels"]
        check(len(q[0]) == len(k[0]), f"q has width {len(q[0])} and k {len(k[0])}; a dot product needs equal widths")
        check(len(labels) == len(set(labels)), f"labels must differ, got {labels}")
        check(new["selected"] in _names(q, new["v"]), f"no number is named {new['selected']!r}; 'score.1.0' is a name")
        return proposal["value"]

    def steps(self) -> dict[str, np.ndarray]:
        """The tables from the scores to the output, by name, each with one row per asking token."""
        q, k, v = (np.array(matrix) for matrix in (self.q, self.k, self.v))
        score = _products(q, k)
        divided = score / np.sqrt(q.shape[1]) if self.scaled else score
        future = np.triu(np.ones(score.shape, dtype=bool), k=1)
        masked = np.where(future & self.causal, -np.inf, divided)
        exp, weight = np.exp(masked), softmax(masked)
        tables = score, divided, masked, exp, exp.sum(axis=1, keepdims=True), weight, _products(weight, v.T)
        return {name: table + 0.0 for name, table in zip(COMPUTED, tables, strict=True)}  # + 0.0 turns −0 into 0

    def cells(self) -> dict[str, float]:
        """Every number of the widget by the name it has in the page (``data-key``), those that are typed included."""
        tables = {name: np.array(getattr(self, name)) for name in "qkv"} | self.steps()
        return {
            f"{name}.{i}.{j}": float(x)
            for name, table in tables.items()
            for i, row in enumerate(table)
            for j, x in enumerate(row)
        }

    def numbers(self) -> dict[str, float]:
        """The computed numbers, by the names they have in the page."""
        return {key: x for key, x in self.cells().items() if key.split(".")[0] in COMPUTED}

    def picture(self) -> Markup:
        """The nine tables and the sentence, as the script draws them."""
        return draw(self)


def _products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Each row of ``a`` times each row of ``b``, added from left to right as JavaScript does: both round alike."""
    return (a[:, None, :] * b).cumsum(axis=-1)[..., -1]


def _check_matrix(name: str, rows: list[list[float]], labels: list[str]) -> None:
    widths = sorted({len(row) for row in rows})
    check(len(rows) in TOKENS, f"{name} has {len(rows)} rows; there may be 2 to 4 tokens")
    check(len(widths) == 1 and widths[0] in WIDTHS, f"{name} needs rows of one length, 1 to 4; it has {widths}")
    worst = max((x for row in rows for x in row), key=lambda x: math.inf if math.isnan(x) else abs(x))
    check(abs(worst) <= MOST, f"{name} has the entry {worst:g}; entries lie between −10 and 10")
    check(len(rows) == len(labels), f"{name} has {len(rows)} rows for {len(labels)} labels")


def _names(q: list[list[float]], v: list[list[float]]) -> set[str]:
    """The name of each number, typed or computed."""
    tokens, widths = range(len(q)), {"q": len(q[0]), "k": len(q[0]), "v": len(v[0]), "sum": 1, "output": len(v[0])}
    return {
        f"{name}.{i}.{j}"
        for name in ("q", "k", "v", *COMPUTED)
        for i in tokens
        for j in range(widths.get(name, len(q)))
    }


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float | np.number) and not isinstance(x, bool)
