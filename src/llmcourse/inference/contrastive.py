r"""Two ways to choose a token by contrast: with what has been written, and with a weaker model (numpy).

**Contrastive search** (Su et al., 2022) takes, among the k most probable tokens, the one with the best

    (1 − α) · p(v)  −  α · max_j cos(h_v, h_j),

where h_v is the model's last hidden state after reading v, and h_j those of everything before. A token whose state
looks like an earlier one is about to repeat it. ``searching.contrastive_search`` runs it on a model.

**Contrastive decoding** (Li et al., 2023) takes log p(v) − log q(v), q being an *amateur*: what the weak model likes as
well is what weak models are fond of, repetition and commonplaces. Alone that would reward every token that the amateur
finds impossible; so only tokens with at least a share of the expert's largest probability take part.
"""

import numpy as np

from llmcourse.language.probability import check_distribution
from llmcourse.shapes import Array, Float

__all__ = ["contrastive_decoding", "degeneration_scores"]


def degeneration_scores(
    p: Float[Array, " N"], states: Float[Array, "N D"], past: Float[Array, "T D"], alpha: float
) -> Float[Array, " N"]:
    r"""The score of each candidate v: $(1-\alpha)\,p_v - \alpha \max_j \cos(h_v, h_j)$, j over the past.

    Range:   −α to 1.
    Limits:  α = 0 is greedy; α = 1 sees only how unlike the past a candidate's state is.
    Raises:  ValueError unless 0 ≤ α ≤ 1, for no past, and for a state of length 0.
    Source:  Su et al. (2022), the rule of contrastive search. {cite}`su2022`

    >>> states, past = np.array([[3.0, 4.0], [0.0, 1.0]]), np.array([[0.0, 2.0]])
    >>> degeneration_scores(np.array([0.4, 0.6]), states, past, 0.5).round(3).tolist()  # cosines 0.8 and 1
    [-0.2, -0.2]
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie between 0 and 1, got {alpha}")
    if len(past) == 0:
        raise ValueError("there are 0 states of the past to compare with; the prompt must not be empty")
    sizes, past_sizes = np.linalg.norm(states, axis=-1), np.linalg.norm(past, axis=-1)
    if not (sizes.all() and past_sizes.all()):
        raise ValueError("a hidden state has length 0; it has no direction")
    cosines = states @ past.T / (sizes[:, None] * past_sizes)  # (N, T)
    return (1 - alpha) * p - alpha * cosines.max(axis=-1)


def contrastive_decoding(
    expert: Float[Array, "*B V"], amateur: Float[Array, "*B _"], share: float = 0.1
) -> Float[Array, "*B V"]:
    r"""The score $\log p_v - \log q_v$ where $p_v \ge s \max_u p_u$, and −∞ elsewhere; choose the largest.

    Limits:  ``share`` 1 is greedy (up to ties); towards 0 anything that the amateur thinks impossible wins.
    Raises:  ValueError unless 0 < share ≤ 1, for rows that are no distributions, and if the vocabularies differ.
    Source:  Li et al. (2023), objective and plausibility constraint, a token at a time; they use a beam. {cite}`li2023`

    >>> contrastive_decoding(np.array([0.5, 0.4, 0.1]), np.array([0.5, 0.2, 0.3]), 0.5).round(3).tolist()
    [0.0, 0.693, -inf]
    """
    if expert.shape[-1] != amateur.shape[-1]:
        raise ValueError(
            f"expert and amateur need one vocabulary, got {expert.shape[-1]} and {amateur.shape[-1]} tokens"
        )
    check_distribution(expert, name="expert")
    check_distribution(amateur, name="amateur")
    if not 0 < share <= 1:
        raise ValueError(f"share must lie above 0 and not above 1, got {share}")
    plausible = expert >= share * expert.max(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(plausible, np.log(expert) - np.log(amateur), -np.inf)
