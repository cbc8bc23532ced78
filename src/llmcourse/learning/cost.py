r"""What a model of given sizes costs: parameters and arithmetic, counted from its config (no torch).

Multiplying a row by a matrix with w entries takes w multiplications and w additions: 2 FLOP for each weight and token.
Going back through it takes twice as many, once for the gradient of the row and once for that of the matrix. So a
training step takes 6 FLOP for each weight and token, which is the rule $C \approx 6ND$. What the rule leaves out has no
weights: each query meets each key ($q \cdot k$), and each weight of attention a value, 4 FLOP per pair, width and
layer. As in the published counts, only matrix products are counted: norms, activations and softmax are not.
"""

from dataclasses import dataclass

from llmcourse.transformer.config import ModelConfig


@dataclass(frozen=True)
class Parameters:
    """Learned numbers of a model, by what they do. Those of a tied output layer stand in ``embedding`` alone."""

    embedding: int  # V D
    positions: int  # a learned vector for each position, if there are any
    attention: int  # the four matrices of each layer, without biases
    ffn: int  # two matrices of each layer, or three with a gate, without biases
    norms: int  # gains and shifts
    biases: int  # those of the matrices
    head: int  # V D again, or 0 if tied

    @property
    def total(self) -> int:
        """All of them: what has to be stored."""
        return self.non_embedding + self.embedding + self.positions + self.head

    @property
    def non_embedding(self) -> int:
        """All but the tables for input, positions and output: "non-embedding parameters" of Pythia's table 1."""
        return self.matrices + self.norms + self.biases

    @property
    def matrices(self) -> int:
        """The weights inside the blocks that a token is multiplied by: Kaplan's N, 12 L D² for the usual shape."""
        return self.attention + self.ffn


def parameters(config: ModelConfig) -> Parameters:
    r"""How many numbers a model of this config learns, and where.

    Attention: $2D^2 + 2D \cdot GK$ in each layer; feed-forward network: $2DF$, or $3DF$ with a gate.

    Source:  Kaplan et al. (2020), table 1 and eq. 2.1, for the blocks of GPT-2's kind; Radford et al. (2019), table 2,
             and Touvron et al. (2023) are reproduced in the tests. {cite}`kaplan2020,radford2019,touvron2023llama`

    >>> from llmcourse.transformer.presets import GPT2_SMALL
    >>> parameters(GPT2_SMALL).total, parameters(GPT2_SMALL).matrices == 12 * 12 * 768**2
    (124439808, True)
    """
    c = config
    kv_width = c.groups * c.head_width
    up, gates = c.ffn_width, 2 if c.activation == "swiglu" else 1
    of_norm = c.width * (2 if c.norm == "layer" and c.bias else 1)
    of_biases = (c.width + 2 * kv_width + c.width) + (gates * up + c.width) if c.bias else 0
    table = c.vocab * c.width
    return Parameters(
        embedding=table,
        positions=c.context * c.width if c.positions == "learned" else 0,
        attention=c.layers * 2 * c.width * (c.width + kv_width),
        ffn=c.layers * (gates + 1) * c.width * up,
        norms=(2 * c.layers + 1) * of_norm,
        biases=c.layers * of_biases,
        head=0 if c.tied else table,
    )


@dataclass(frozen=True)
class Flops:
    """Additions and multiplications of matrix products, by what they are for."""

    attention: int  # the four matrices
    scores: int  # queries with keys, weights with values
    ffn: int
    head: int  # the output layer, whether its table is tied or not

    @property
    def total(self) -> int:
        """All of them."""
        return self.attention + self.scores + self.ffn + self.head


def forward_flops(config: ModelConfig, tokens: int, *, batch: int = 1, past: int = 0, causal: bool = False) -> Flops:
    r"""FLOP to read ``tokens`` in each of ``batch`` sequences: 2 per weight and token, $4LD$ per query and key.

    ``past``: tokens before these whose keys and values are in a cache. ``causal``: count only the pairs that the mask
    leaves, as a kernel does that skips the others; plain attention computes all.

    Units:   FLOP, a multiplication and an addition being two.
    Raises:  ValueError without tokens, sequences, or with a negative past.
    Source:  Kaplan et al. (2020), table 1, whose row for the scores has half of ours: about the pairs that a causal
             mask leaves. Narayanan et al. (2021), appendix, count all, as we do. {cite}`kaplan2020,narayanan2021`

    >>> from llmcourse.transformer.presets import GPT2_SMALL
    >>> forward_flops(GPT2_SMALL, 1024).total
    291648307200
    """
    for name, number, least in (("tokens", tokens, 1), ("batch", batch, 1), ("past", past, 0)):
        if number < least:
            raise ValueError(f"{name} must be at least {least}, got {number}")
    c, n = config, parameters(config)
    seen = tokens * past + (tokens * (tokens + 1) // 2 if causal else tokens**2)
    return Flops(
        attention=2 * n.attention * tokens * batch,
        scores=4 * c.layers * c.width * seen * batch,
        ffn=2 * n.ffn * tokens * batch,
        head=2 * c.vocab * c.width * tokens * batch,
    )


def training_flops(config: ModelConfig, tokens: int, *, batch: int = 1, causal: bool = False) -> int:
    r"""FLOP of one training step, forward and backward: three times the forward pass.

    Each product $Y = XW$ comes back as two of the same size, $\partial X = \partial Y\, W^\top$ and
    $\partial W = X^\top\, \partial Y$.

    Units:   FLOP.
    Source:  Kaplan et al. (2020), section 2.1: the backward pass has about twice the compute. {cite}`kaplan2020`

    >>> from llmcourse.transformer.presets import GPT2_SMALL
    >>> training_flops(GPT2_SMALL, 1024)
    874944921600
    """
    return 3 * forward_flops(config, tokens, batch=batch, causal=causal).total


def six_nd(parameters: float | int, tokens: float | int) -> float | int:
    r"""The rule of thumb for training: $C \approx 6ND$, 2 FLOP forward and 4 backward for each weight and token.

    Units:   FLOP.
    Limits:  too low where the scores matter ($T \gtrsim 6D$, ``forward_flops`` has them).
    Raises:  ValueError unless both are positive.
    Source:  Kaplan et al. (2020), section 2.1; Hoffmann et al. (2022), appendix F. {cite}`kaplan2020,hoffmann2022`

    >>> six_nd(70e9, 1.4e12)
    5.88e+23
    """
    for name, number in (("parameters", parameters), ("tokens", tokens)):
        if not number > 0:
            raise ValueError(f"{name} must be positive, got {number}")
    return 6 * parameters * tokens


def palm_flops(config: ModelConfig, tokens: int) -> int:
    r"""Training FLOP of ``tokens`` in one window by PaLM's formula: $(6N + 12LHKT)\,T$.

    N counts all parameters. Against ``training_flops`` it also multiplies by gains, biases and position vectors.

    Units:   FLOP.
    Source:  Chowdhery et al. (2022), appendix B. {cite}`chowdhery2022`
    """
    c = config
    return (6 * parameters(c).total + 12 * c.layers * c.width * tokens) * tokens
