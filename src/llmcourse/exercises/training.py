"""Exercises of page 9.4, training a GPT (numpy)."""

import math

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number

first_loss = Number(
    name="9.4.a",
    answer=math.log(50_257),
    unit="nats",
    tolerance=0.03,  # one decimal will do
    misconceptions=[
        (math.log2(50_257), "This is in bits, a logarithm to the base 2. Training losses are in nats: use ln."),
        (math.log10(50_257), "This is a logarithm to the base 10. A surprise in nats takes the natural logarithm."),
        (math.log(1024), "This is the course GPT's, with 1,024 tokens. GPT-2 has 50,257."),
        (
            -math.log(50_257),
            "The sign: a probability below 1 has a negative logarithm, and the surprise is minus that.",
        ),
        (50_257.0, "This is the perplexity, the number of equally likely tokens. The loss is its logarithm."),
    ],
)

bits_of_a_byte = Number(
    name="9.4.b",
    answer=3.0 / 2.5 / math.log(2),
    unit="bits per byte",
    tolerance=2e-3,
    misconceptions=[
        (3.0 / 2.5, "These are nats per byte. A bit is ln 2 = 0.693 nats, so there are more bits than nats."),
        (3.0 / math.log(2), "These are bits per token. A token stands for 2.5 bytes, which share its bits."),
        (
            3.0 / 2.5 * math.log(2),
            "You multiplied by ln 2. A bit is the smaller unit, so the number must grow: divide.",
        ),
        (
            3.0 * 2.5 / math.log(2),
            "You multiplied by the bytes per token. The bits of one token are shared among them.",
        ),
        (0.75 / math.log(2), "That is what the second team pays, 3 nats on 4 bytes. The question asks for the first."),
    ],
)

BETA1, BETA2, EPS, DECAY = 0.9, 0.95, 1e-8, 0.1


def _averages(g: np.ndarray, m: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return BETA1 * m + (1 - BETA1) * g, BETA2 * v + (1 - BETA2) * g**2


def _adamw(
    theta, g, m, v, t, rate, *, late=0, decay=None, eps=EPS, eps_inside=False, root=True, unbiased=True, stored=False
):
    m, v = _averages(g, m, v)
    mean, square = (m / (1 - BETA1 ** (t + late)), v / (1 - BETA2 ** (t + late))) if unbiased else (m, v)
    size = square + eps if not root else np.sqrt(square + eps) if eps_inside else np.sqrt(square) + eps
    shrunk = theta - (rate * DECAY if decay is None else decay) * theta
    return (shrunk - rate * mean / size, *((mean, square) if stored else (m, v)))


def _l2(theta, g, m, v, t, rate):
    return _adamw(theta, g + DECAY * theta, m, v, t, rate, decay=0.0)


def _decay_last(theta, g, m, v, t, rate):
    moved, *averages = _adamw(theta, g, m, v, t, rate, decay=0.0)
    return (moved - rate * DECAY * moved, *averages)


def _swapped(*args):
    theta, m, v = _adamw(*args)
    return theta, v, m


adamw = Exercise(
    name="9.4.d",
    signature="adamw(theta, g, m, v, t, rate)",
    answer=_adamw,
    cases=[
        (np.array([1.0, -2.0]), np.array([0.3, -4.0]), np.zeros(2), np.zeros(2), 1, 0.1),
        (np.array([0.5, 1.5]), np.array([-0.2, 1.0]), np.array([0.03, -0.4]), np.array([0.01, 0.8]), 2, 0.1),
        (np.array([3.0, 0.0]), np.array([1e-4, -2e-5]), np.zeros(2), np.zeros(2), 1, 0.01),
        (np.array([-1.0, 2.0]), np.array([0.0, 0.5]), np.array([0.2, 0.1]), np.array([0.3, 0.2]), 40, 0.01),
    ],
    misconceptions=[
        Misconception(
            lambda *args: _adamw(*args, unbiased=False),
            "You left out the bias correction. After one step m is a tenth of the gradient: divide by 1 − β₁ᵗ, "
            "and v by 1 − β₂ᵗ.",
        ),
        Misconception(
            _l2,
            "You added λθ to the gradient. That is L2 regularization: the division by √v̂ takes it away again where "
            "gradients are large. AdamW shrinks θ beside the gradient.",
        ),
        Misconception(
            lambda *args: _adamw(*args, decay=DECAY),
            "The decay takes λθ from θ at full size. It is ηλθ: the rate multiplies it too.",
        ),
        Misconception(
            lambda *args: _adamw(*args, decay=0.0),
            "There is no weight decay: θ itself must shrink by ηλθ.",
        ),
        Misconception(
            lambda *args: _adamw(*args, stored=True),
            "θ is right, but you give back m̂ and v̂. The averages go on uncorrected, else each step corrects again.",
        ),
        Misconception(
            lambda *args: _adamw(*args, late=1),
            "The exponent is one too large: t is the number of this step, and the first one has t = 1.",
        ),
        Misconception(
            lambda *args: _adamw(*args, root=False),
            "You divided by v̂. It is the mean of *squares*: its root has the gradient's unit, and the step none.",
        ),
        Misconception(
            lambda *args: _adamw(*args, eps_inside=True),
            "ε stands inside the root. Gradients of 0.0001, whose square is ε, then move too little: √v̂ + ε.",
        ),
        Misconception(
            lambda *args: _adamw(*args, eps=0.0),
            "You left out ε. It is small, and it counts where the gradients are tiny: divide by √v̂ + ε.",
        ),
        Misconception(
            _decay_last,
            "You shrink θ after the step, and so the step is shrunk too. Take ηλθ from the θ of before.",
        ),
        Misconception(_swapped, "The averages come back in the other order: θ, m, v."),
        Misconception(
            lambda *args: _adamw(*args)[0],
            "You give back θ alone. The next step needs m and v: return the three as a tuple.",
        ),
    ],
)
