r"""Direct preference optimization: a reward model that is the policy itself (torch).

Where the loss comes from, in five lines:

1. Under a leash of strength β the best policy for a reward r is $\pi^*(y|x) = \pi_{ref}(y|x)\, e^{r(x,y)/\beta} / Z(x)$
   (eq. 4 of the paper; ``optimal.py`` computes it).
2. Take logarithms and solve for the reward: $r(x,y) = \beta \log\frac{\pi^*(y|x)}{\pi_{ref}(y|x)} + \beta \log Z(x)$
   (eq. 5). Nobody can compute Z(x), a sum over all texts.
3. Bradley and Terry need only a difference, $p(y^+ \succ y^- | x) = \sigma(r(x,y^+) - r(x,y^-))$ (eq. 1). Both rewards
   belong to the same prompt x, so that both hold the same β log Z(x), which goes away:
   $\sigma\big(\beta \log\frac{\pi^*(y^+)}{\pi_{ref}(y^+)} - \beta \log\frac{\pi^*(y^-)}{\pi_{ref}(y^-)}\big)$ (eq. 6).
4. Put the policy that is trained in the place of π*, and maximize the likelihood of the preferences (eq. 7).
5. With u, the argument of σ, the gradient is $-\beta\,\sigma(-u)\,[\nabla\log\pi(y^+) - \nabla\log\pi(y^-)]$: a pair
   counts by how far the implicit reward still has it wrong (section 4, derived in A.4).

Source: Rafailov et al. (2023), sections 3 and 4. {cite}`rafailov2023`
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from llmcourse.alignment.kl import check_log_probabilities
from llmcourse.shapes import Bool, Float, Int, check_same_shape


def response_logprob(
    logits: Float[Tensor, "B T V"], tokens: Int[Tensor, "B T"], is_response: Bool[Tensor, "B T"]
) -> Float[Tensor, " B"]:
    r"""Log-probability of each response: $\log\pi(y|x) = \sum_{t \in y} \log p(x_t \mid x_{<t})$, a sum, not a mean.

    ``is_response`` is True for the tokens of the response, its end mark included; the prompt and padding are False.
    The logits at position t are about the token at t + 1, so that logits lose their last position, and tokens *and the
    mask* lose their first.

    Units:   nats per response.
    Raises:  ValueError for no rows, a mask or logits of another length than the tokens, a row without a response token,
             or a response that begins at position 0, where nothing comes before it.
    Derivation: the chain rule of probability, over the tokens that the policy chose.

    >>> even = torch.zeros(1, 3, 4)  # each of 4 words has probability 1/4, at each position
    >>> row, mask = torch.tensor([[2, 0, 1]]), torch.tensor([[False, True, True]])
    >>> round(response_logprob(even, row, mask).item() / torch.tensor(4.0).log().item(), 4)
    -2.0
    """
    if len(tokens) == 0:
        raise ValueError("there are 0 responses; a batch needs at least one")
    check_same_shape(tokens=tokens, is_response=is_response, **{"logits[..., 0]": logits[..., 0]})
    if is_response[:, 0].any():
        row = int(is_response[:, 0].nonzero()[0])
        raise ValueError(
            f"the response of row {row} begins at position 0: put at least one token of a prompt before it"
        )
    counted = is_response[:, 1:]  # (B, T-1)
    if not counted.any(dim=1).all():
        row = int((~counted.any(dim=1)).nonzero()[0])
        raise ValueError(f"row {row} has 0 response tokens; its probability would be 1 whatever the policy")
    logp = logits[:, :-1].log_softmax(dim=-1)  # (B, T-1, V)
    chosen = logp.gather(-1, tokens[:, 1:, None]).squeeze(-1)  # (B, T-1)
    return chosen.masked_fill(~counted, 0.0).sum(dim=1)  # (B,); a fill, so that -inf outside the response is not nan


def implicit_reward(policy: Float[Tensor, " B"], ref: Float[Tensor, " B"], *, beta: float) -> Float[Tensor, " B"]:
    r"""The reward for which this policy would be the best one: $\hat r = \beta \log \frac{\pi(y|x)}{\pi_{ref}(y|x)}$.

    Up to a number that depends on the prompt alone, so that only differences between two responses to one prompt say
    anything.

    Raises:  ValueError unless ``beta`` is positive and finite, for lengths that differ, NaN or a positive number,
             log-probabilities of tokens (two axes), or a reference that gives a response probability 0.
    Source:  Rafailov et al. (2023), eq. 5, without β log Z(x). {cite}`rafailov2023`

    >>> implicit_reward(torch.tensor([-10.0, -14.0]), torch.tensor([-12.0, -11.0]), beta=0.5).tolist()
    [1.0, -1.5]
    """
    _check_beta(beta)
    check_same_shape(policy=policy, ref=ref)
    check_log_probabilities(policy=policy, ref=ref)
    if policy.dim() != 1:
        raise ValueError(f"there must be one log-probability for each response, got shape {tuple(policy.shape)}")
    if (ref == -torch.inf).any():
        raise ValueError(f"ref gives {int((ref == -torch.inf).sum())} of {len(ref)} responses probability 0: no ratio")
    return beta * (policy - ref)


def reward_margin(
    policy_win: Float[Tensor, " B"],
    policy_lose: Float[Tensor, " B"],
    ref_win: Float[Tensor, " B"],
    ref_lose: Float[Tensor, " B"],
    *,
    beta: float,
) -> Float[Tensor, " B"]:
    r"""How much more implicit reward the winner has: $u = \beta\,[(\log\pi^+ - \log\pi_{ref}^+) - (\log\pi^- -
    \log\pi_{ref}^-)]$.

    Range:   any number; 0 where policy and reference agree, or where winner and loser are one text.
    Raises:  ValueError for no pairs or lengths that differ, and as ``implicit_reward``.
    Source:  Rafailov et al. (2023), the argument of σ in eq. 7. {cite}`rafailov2023`

    >>> win, lose, ref_win, ref_lose = torch.tensor([[-10.0], [-14.0], [-12.0], [-11.0]])
    >>> reward_margin(win, lose, ref_win, ref_lose, beta=0.1).item()
    0.5
    """
    sizes = [len(one) for one in (policy_win, policy_lose, ref_win, ref_lose)]
    if len(set(sizes)) > 1:
        raise ValueError(f"each pair needs four log-probabilities, got {sizes} of them")
    if sizes[0] == 0:
        raise ValueError("there are 0 pairs; a loss needs at least one")
    return implicit_reward(policy_win, ref_win, beta=beta) - implicit_reward(policy_lose, ref_lose, beta=beta)


def dpo_loss(
    policy_win: Float[Tensor, " B"],
    policy_lose: Float[Tensor, " B"],
    ref_win: Float[Tensor, " B"],
    ref_lose: Float[Tensor, " B"],
    *,
    beta: float,
) -> Float[Tensor, ""]:
    r"""Surprise at the preferences, if the implicit reward decided them: the mean of $-\log\sigma(u)$ over the pairs.

    A pair of two identical texts has margin 0 whatever the policy: it adds ln 2 to the sum and nothing to the gradient.

    Units:   nats per preference pair; ln 2 when policy and reference agree.
    Raises:  ValueError as ``reward_margin``.
    Source:  Rafailov et al. (2023), eq. 7. {cite}`rafailov2023`

    >>> win, lose, ref_win, ref_lose = torch.tensor([[-10.0], [-14.0], [-12.0], [-11.0]])
    >>> round(dpo_loss(win, lose, ref_win, ref_lose, beta=0.1).item(), 4)
    0.4741
    """
    return -F.logsigmoid(reward_margin(policy_win, policy_lose, ref_win, ref_lose, beta=beta)).mean()


def gradient_weight(margin: Float[Tensor, " B"], *, beta: float) -> Float[Tensor, " B"]:
    r"""How hard a pair pulls: $\beta\,\sigma(-u)$, on the log-probability of its winner, and against that of its loser.

    Range:   from β (as wrong as can be) over β/2 (undecided, as every pair at the start) to 0 (settled).
    Raises:  ValueError unless ``beta`` is positive and finite.
    Source:  Rafailov et al. (2023), section 4, "What does the DPO update do?". {cite}`rafailov2023`

    >>> gradient_weight(torch.tensor([0.0]), beta=0.1).item() == torch.tensor(0.05).item()
    True
    """
    _check_beta(beta)
    return beta * torch.sigmoid(-margin)


def preference_accuracy(margin: Float[Tensor, " B"]) -> Float[Tensor, ""]:
    """Share of the pairs whose winner has the larger implicit reward. A margin of exactly 0 counts half.

    At the reference every margin is 0, so the accuracy is a half: that of a coin.

    Raises:  ValueError for no pairs.
    Derivation: the probability of a correct guess, where a tie is decided by a coin.

    >>> preference_accuracy(torch.tensor([0.3, -0.2, 0.0, 1.0])).item()
    0.625
    """
    if len(margin) == 0:
        raise ValueError("there are 0 pairs; a share needs at least one")
    return (torch.sign(margin) / 2 + 0.5).mean()


def _check_beta(beta: float) -> None:
    if not 0 < beta < float("inf"):
        raise ValueError(f"beta must be positive and finite, got {beta}; a smaller beta is a longer leash, 0 is none")
