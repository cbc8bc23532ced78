"""Exercises of page 10.1, adapters (numpy)."""

import math

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number

LAYERS, MATRICES, WIDTH, RANK = 32.0, 4, 4096, 16

adapter_size = Number(
    name="10.1.a",
    answer=LAYERS * MATRICES * RANK * 2 * WIDTH,
    unit="numbers",
    tolerance=1e-6,
    misconceptions=[
        (
            LAYERS * MATRICES * RANK * WIDTH,
            "This counts one thin matrix for each. There are two: A, r × I, and B, O × r.",
        ),
        (RANK * 2.0 * WIDTH, "This is one matrix. Each of the 32 layers has four of them."),
        (MATRICES * RANK * 2.0 * WIDTH, "This is one layer. There are 32 of them."),
        (LAYERS * RANK * 2 * WIDTH, "This is one matrix a layer. Four of them get an adapter."),
        (LAYERS * MATRICES * WIDTH**2, "These are the frozen numbers. The adapter learns r·(I + O) for each matrix."),
        (
            MATRICES * 1.0 * WIDTH**2,
            "These are the frozen numbers of one layer. The adapter learns r·(I + O) for each matrix.",
        ),
        (RANK * 1.0 * WIDTH, "This is one thin matrix. There are two beside each of 32 · 4 matrices."),
        (LAYERS * RANK * WIDTH, "This is one thin matrix a layer. Beside each of the layer's four matrices stand two."),
        (LAYERS * 3 * RANK * 2 * WIDTH, "This is three matrices a layer. W_o gets an adapter too."),
        (
            MATRICES * RANK * 1.0 * WIDTH,
            "This is one thin matrix for each of one layer's four. There are two, in 32 layers.",
        ),
        (LAYERS * MATRICES * RANK * 4 * WIDTH, "You doubled once too often: r·(I + O) is 16 · 8192 for each matrix."),
        (LAYERS * MATRICES * RANK**2, "The thin matrices are not r × r: one side of each is as long as the width."),
    ],
)


def _lora(x, w, a, b, alpha):
    return x @ (w + alpha / len(a) * b @ a).T


_rng = np.random.default_rng(3)


def _adapter(batch: int, inputs: int, outputs: int, rank: int, alpha: float) -> tuple:
    shapes = ((batch, inputs), (outputs, inputs), (rank, inputs), (outputs, rank))
    return (*(_rng.standard_normal(shape) for shape in shapes), alpha)


adapted = Exercise(
    name="10.1.e",
    signature="adapted(x, w, a, b, alpha)",
    answer=_lora,
    cases=[_adapter(2, 4, 3, 2, 6.0), _adapter(3, 5, 5, 4, 1.0), _adapter(1, 3, 6, 1, 2.0)],
    misconceptions=[
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + len(a) / alpha * b @ a).T,
            "The scale is upside down: it is α/r, the rank below.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + alpha * b @ a).T,
            "You multiplied by α alone. Divide by the rank, the number of rows of A.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + alpha * len(a) * b @ a).T,
            "You multiplied by the rank. Divide by it: the scale is α/r.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ w.T,
            "This is the frozen layer alone. The product of the thin matrices is added to it.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (alpha / len(a) * (w + b @ a)).T,
            "You scaled the frozen matrix too. The scale α/r belongs to the product alone.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + alpha / len(b) * b @ a).T,
            "You divided by the number of outputs. The rank is the other side of B, or the number of rows of A.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + alpha**2 / len(a) * b @ a).T,
            "α stands in it twice. The scale is α/r, once.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + (alpha / len(a)) ** 2 * b @ a).T,
            "The scale stands in it twice (once on each thin matrix?). α/r belongs to the product, once.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (alpha / len(a) * w + b @ a).T,
            "You scaled the frozen matrix. The scale α/r belongs to the product.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + b @ a / len(a)).T,
            "You divided by the rank and left α out. The scale is α/r.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w - alpha / len(a) * b @ a).T,
            "The sign: the product is added to W, not taken from it.",
        ),
        Misconception(lambda x, w, a, b, alpha: x @ (b @ a).T, "This is the product alone. Scale it, and add it to W."),
        Misconception(lambda x, w, a, b, alpha: x @ (w + b @ a).T, "The scale α/r is missing."),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + alpha / math.sqrt(len(a)) * b @ a).T,
            "You divided by √r. That is a later variant (rsLoRA); LoRA divides by r.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (alpha / len(a) * b @ a).T,
            "The frozen matrix is missing: the product is added to W, it does not replace it.",
        ),
        Misconception(
            lambda x, w, a, b, alpha: x @ (w + alpha / a.shape[1] * b @ a).T,
            "You divided by the number of inputs. The rank is the other side of A, its number of rows.",
        ),
    ],
)
