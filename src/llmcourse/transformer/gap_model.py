"""A small model that guesses a hidden token from those on both sides, to compare ways of writing positions (torch)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmcourse.shapes import Float, Int
from llmcourse.transformer.attention import attention, merge_heads, split_heads
from llmcourse.transformer.positions import sinusoidal


class GapModel(nn.Module):
    r"""One layer of attention without a mask: $x_t = \mathrm{word}_t + \mathrm{position}_t$, and a gap asks the others.

    Nothing else tells it where a token stands: with a table of zeros it is a bag-of-words model. The hidden token is
    replaced by an extra one, the gap, whose vector alone asks; what it gathers goes through a feed-forward network.

    Raises:  ValueError if the width of ``positions`` is not a multiple of ``heads``.
    """

    def __init__(
        self,
        vocab: int,
        positions: Float[Tensor, "T D"],
        *,
        generator: torch.Generator,
        heads: int = 4,
        learned: bool = False,
    ) -> None:
        super().__init__()
        width = positions.shape[1]
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of heads {heads}")
        self.heads, self.gap = heads, vocab
        self.words = nn.Embedding(vocab + 1, width)
        self.positions = nn.Parameter(positions.clone(), requires_grad=learned)
        self.norm, self.ffn_norm, self.final_norm = (nn.LayerNorm(width) for _ in range(3))
        self.to_q, self.to_k, self.to_v, self.to_out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.ffn = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.head = nn.Linear(width, vocab)
        for name, p in self.named_parameters():
            if name != "positions" and p.ndim == 2:  # gains are 1 already
                nn.init.normal_(p, std=1.0 if name == "words.weight" else p.shape[1] ** -0.5, generator=generator)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, tokens: Int[Tensor, "B T"], hidden: Int[Tensor, " B"]) -> Float[Tensor, "B V"]:
        """Logits of the token at place ``hidden`` of each row, which the model does not get to see."""
        tokens = tokens.scatter(1, hidden[:, None], self.gap)
        x = self.words(tokens) + self.positions  # (B, T, D)
        normed, rows = self.norm(x), torch.arange(len(x))
        q = self.to_q(normed[rows, hidden][:, None])  # (B, 1, D): the gap alone asks
        q, k, v = (split_heads(part, self.heads) for part in (q, self.to_k(normed), self.to_v(normed)))  # (B, H, T, K)
        x = x[rows, hidden][:, None] + self.to_out(merge_heads(attention(q, k, v)))  # (B, 1, D)
        x = x + self.ffn(self.ffn_norm(x))
        return self.head(self.final_norm(x))[:, 0]


def position_tables(size: int, width: int, *, generator: torch.Generator) -> dict[str, Float[Tensor, "{size} {width}"]]:
    """Ways to write ``size`` places in vectors, by name; ``"learned"`` is what such a table starts from.

    Raises:  ValueError if the width is odd, or has not a dimension for each binary digit.
    """
    t = torch.arange(size)
    digits = torch.stack([(t >> i) & 1 for i in range((size - 1).bit_length())], dim=1)  # 0 or 1, fastest first
    if digits.shape[1] > width:
        raise ValueError(f"{size} places have {digits.shape[1]} binary digits, the width is only {width}")
    clocks = sinusoidal(t, width, dtype=torch.float32)
    one_dimension = torch.eye(width)[:1]
    return {
        "no positions": torch.zeros(size, width),
        "fraction t/T": (t / size)[:, None] * one_dimension,
        "number t": t[:, None] * one_dimension,
        "binary digits": F.pad(2.0 * digits - 1, (0, width - digits.shape[1])),
        "sines alone": clocks * (torch.arange(width) % 2 == 0),
        "sines and cosines": clocks,
        "the same, b = 100": sinusoidal(t, width, base=100, dtype=torch.float32),
        "learned": 0.02 * torch.randn(size, width, generator=generator),
    }


def windows(
    text: Int[Tensor, " N"], size: int, count: int, *, generator: torch.Generator
) -> tuple[Int[Tensor, "{count} {size}"], Int[Tensor, " {count}"]]:
    """Random pieces of a text, and a random place in each that is to be hidden.

    Raises:  ValueError for a text shorter than one piece.
    """
    if len(text) < size:
        raise ValueError(f"a text of {len(text)} tokens has no piece of {size}")
    starts = torch.randint(len(text) - size + 1, (count,), generator=generator)
    return text[starts[:, None] + torch.arange(size)], torch.randint(size, (count,), generator=generator)


def train_gap(
    model: GapModel,
    text: Int[Tensor, " N"],
    *,
    steps: int,
    generator: torch.Generator,
    batch: int = 128,
    rate: float = 5e-3,
) -> Float[Tensor, " {steps}"]:
    """The losses, in nats, of ``steps`` of AdamW on random pieces: the rate rises over a tenth and falls to zero."""
    size = model.positions.shape[0]
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=rate, fused=True)
    losses = []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, 10 * (step + 1) / steps) * (1 - step / steps)
        pieces, hidden = windows(text, size, batch, generator=generator)
        loss = F.cross_entropy(model(pieces, hidden), pieces[torch.arange(batch), hidden])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses)


@torch.no_grad()
def gap_losses(
    model: GapModel, text: Int[Tensor, " N"], *, count: int, generator: torch.Generator
) -> Float[Tensor, " {count}"]:
    """The loss, in nats, of each of ``count`` random gaps: the same gaps for the same generator."""
    pieces, hidden = windows(text, model.positions.shape[0], count, generator=generator)
    return F.cross_entropy(model(pieces, hidden), pieces[torch.arange(count), hidden], reduction="none")
