"""One pair of responses under DPO, IPO, KTO, ORPO and SimPO: margins, losses, gradients side by side (anywidget).

preference_lab.js computes every number itself, so the widget also lives on a page without a kernel;
tests/site/test_widget_preference_lab.py holds it to ``llmcourse.alignment``, whose gradients torch computes.
"""

from typing import Any, ClassVar

import torch
import traitlets
from torch import Tensor

from llmcourse.alignment.dpo import dpo_loss, reward_margin
from llmcourse.alignment.preferences import ipo_loss, kto_loss, log_odds, orpo_loss, per_token, simpo_loss
from llmcourse.explore.markup import Markup
from llmcourse.explore.preference_lab_picture import CASES, draw
from llmcourse.explore.widget import Widget, check

LIMITS = {
    **dict.fromkeys(("policy_win", "policy_lose", "ref_win", "ref_lose"), (-100.0, -0.5)),
    "beta": (0.01, 2.0),
    "simpo_beta": (0.5, 10.0),
    "gamma": (0.0, 5.0),
    "weight": (0.0, 2.0),
    "z0": (0.0, 40.0),
}
MAX_LENGTH = 60


class PreferenceLab(Widget):
    """The log-probabilities of a winner and a loser under the policy and under the reference, and what follows.

    ``beta`` is the β of DPO and KTO and the τ of IPO. ``length_win`` and ``length_lose`` count tokens, for SimPO and
    ORPO. ``gamma`` is SimPO's, ``weight`` is ORPO's λ, ``z0`` is KTO's reference point.

    Raises:  traitlets.TraitError for a log-probability outside −100 … −0.5 nats, or what a slider could not show.
    """

    script: ClassVar[str] = "preference_lab"

    policy_win = traitlets.Float(-10.0).tag(sync=True)
    policy_lose = traitlets.Float(-14.0).tag(sync=True)
    ref_win = traitlets.Float(-12.0).tag(sync=True)
    ref_lose = traitlets.Float(-11.0).tag(sync=True)
    length_win = traitlets.Int(10, min=1, max=MAX_LENGTH).tag(sync=True)
    length_lose = traitlets.Int(10, min=1, max=MAX_LENGTH).tag(sync=True)
    beta = traitlets.Float(0.1).tag(sync=True)
    simpo_beta = traitlets.Float(2.0).tag(sync=True)
    gamma = traitlets.Float(1.0).tag(sync=True)
    weight = traitlets.Float(0.1).tag(sync=True)
    z0 = traitlets.Float(0.0).tag(sync=True)

    @traitlets.validate(*LIMITS)
    def _in_range(self, proposal: dict[str, Any]) -> float:
        name, value = proposal["trait"].name, proposal["value"]
        low, high = LIMITS[name]
        check(low <= value <= high, f"{name} must lie between {low:g} and {high:g}, got {value}")
        return value

    @classmethod
    def of_case(cls, name: str, **options: Any) -> "PreferenceLab":
        """One of the cases of the menu: its four log-probabilities.

        Raises:  ValueError for a case that is not there.
        """
        if name not in CASES:
            raise ValueError(f"no case {name!r}; there are {', '.join(CASES)}")
        return cls(
            **dict(zip(("policy_win", "policy_lose", "ref_win", "ref_lose"), CASES[name], strict=True)), **options
        )

    def numbers(self) -> dict[str, float]:
        """Every number on display, by the names they have in the page (``data-key``)."""
        ref_win, ref_lose = _one(self.ref_win), _one(self.ref_lose)
        win, lose = _one(self.policy_win).requires_grad_(), _one(self.policy_lose).requires_grad_()
        changes = {"delta_win": self.policy_win - self.ref_win, "delta_lose": self.policy_lose - self.ref_lose}
        values = changes | {"h": changes["delta_win"] - changes["delta_lose"]}
        values["agree"] = torch.sigmoid(reward_margin(win, lose, ref_win, ref_lose, beta=self.beta)).item()
        for name, (margin, loss) in self._methods(win, lose, ref_win, ref_lose).items():
            pulls = torch.autograd.grad(loss, (win, lose), allow_unused=True, retain_graph=True)
            up, down = (0.0 if pull is None else pull.item() for pull in pulls)
            values |= {f"{name}_margin": margin, f"{name}_loss": loss.item()}
            values |= {f"{name}_win": 0.0 - up, f"{name}_lose": down}
        return values

    def _methods(self, win: Tensor, lose: Tensor, ref_win: Tensor, ref_lose: Tensor) -> dict[str, tuple[float, Tensor]]:
        """The margin and the loss of each method."""
        four, beta = (win, lose, ref_win, ref_lose), self.beta
        means = [per_token(x, torch.tensor([n])) for x, n in ((win, self.length_win), (lose, self.length_lose))]
        z0 = torch.tensor(self.z0, dtype=torch.float64)
        kto = {
            f"kto_{name}": (
                sign * beta * (ratio - z0).item(),
                kto_loss(ratio, torch.tensor([sign > 0]), beta=beta, reference_point=z0),
            )
            for name, sign, ratio in (("win", 1, win - ref_win), ("lose", -1, lose - ref_lose))
        }
        return {
            "dpo": (reward_margin(*four, beta=beta).item(), dpo_loss(*four, beta=beta)),
            "ipo": (reward_margin(*four, beta=1.0).item(), ipo_loss(*four, tau=beta)),
            "orpo": ((log_odds(means[0]) - log_odds(means[1])).item(), orpo_loss(*means, weight=self.weight)),
            "simpo": (
                self.simpo_beta * (means[0] - means[1]).item() - self.gamma,
                simpo_loss(*means, beta=self.simpo_beta, gamma=self.gamma),
            ),
            **kto,
        }

    def picture(self) -> Markup:
        """The table, the numbers and both plots, as the script draws them."""
        return draw(self)


def _one(value: float) -> Tensor:
    return torch.tensor([value], dtype=torch.float64)
