"""A decoder-only transformer, from tokens to logits: what GPT-2 and Llama have in common (torch)."""

from typing import TypeVar

import torch
from torch import Tensor, nn

from llmcourse.shapes import Bool, Float, Int
from llmcourse.transformer.attention import causal_mask, padding_mask, rotation_from
from llmcourse.transformer.block import Block
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.kv_cache import KVCache
from llmcourse.transformer.linear import unembed
from llmcourse.transformer.norms import norm_from
from llmcourse.transformer.record import Record

Model = TypeVar("Model", bound="Decoder")


class Decoder(nn.Module):
    r"""Embed the tokens, add what each block has to add, normalize, and compare with each word of the vocabulary.

    Source:  Radford et al. (2019), section 2.3, pre-norm and a final norm. {cite}`radford2019`
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocab, config.width)
        if config.positions == "learned":
            self.position_embed = nn.Embedding(config.context, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.final_norm = norm_from(config)
        if not config.tied:
            self.head = nn.Linear(config.width, config.vocab, bias=False)

    def forward(
        self,
        tokens: Int[Tensor, "B T"],
        *,
        cache: KVCache | None = None,
        padding: Int[Tensor, " B"] | None = None,
        mask: Bool[Tensor, "*#B T S"] | None = None,
        record: Record | None = None,
        last_only: bool = False,
    ) -> Float[Tensor, "B _ V"]:
        """Logits of the token after each position, or after the last one only.

        ``cache``: tokens read by earlier calls come before these. ``padding``: how many tokens at the beginning (the
        left) of each row are filling, the same number in each call with one cache; their logits mean nothing. ``mask``:
        which keys each query may see, in every block, in place of itself and the past.

        Raises:  ValueError for more tokens than the context, for a token outside the vocabulary, for a row of padding,
                 for padding and a mask together.
        """
        past = 0 if cache is None else cache.length
        self._check(tokens, past)
        length = tokens.shape[1]
        x = self.embed(tokens)  # (B, T, D)
        if self.config.positions == "learned":
            x = x + self.position_embed(_positions(past, length, padding, tokens.device))
        rotation = None
        if self.config.positions == "rotary":  # relative, so that padding need not be taken off
            rotation = rotation_from(self.config, past, length, x.dtype, x.device)
        if mask is None:
            mask = _mask(past, length, padding, tokens.device)
        elif padding is not None:
            raise ValueError("give padding or a mask, not both: a mask says for itself which tokens are filling")
        for i, block in enumerate(self.blocks):
            if record is not None:
                record.add(residual=x)
            x = block(
                x, rotation=rotation, mask=mask, cache=None if cache is None else cache.layers[i], record=record
            )  # (B, T, D)
        if record is not None:
            record.add(residual=x)
        if last_only:
            x = x[:, -1:]  # (B, 1, D)
        return self.logits(x)

    def logits(self, x: Float[Tensor, "*B D"]) -> Float[Tensor, "*B V"]:
        """The last step alone: a residual stream, normalized, times the output table."""
        return unembed(self.final_norm(x), self.embed if self.config.tied else self.head)

    @property
    def parameter_count(self) -> int:
        """Learned numbers, those of a tied output layer counted once."""
        return sum(p.numel() for p in self.parameters())

    def reconfigured(self: Model, config: ModelConfig) -> Model:
        """A model that *shares* this one's parameters under another config. What it has no place for is left out.

        Raises:  ValueError if a parameter is missing here, or has another shape.
        """
        with torch.device("meta"):
            other = type(self)(config)
        mine = dict(self.named_parameters())
        for name, parameter in list(other.named_parameters()):
            if name not in mine:
                raise ValueError(f"the new config needs {name}, which this model does not have")
            if mine[name].shape != parameter.shape:
                raise ValueError(f"{name} has shape {tuple(mine[name].shape)}, not {tuple(parameter.shape)}")
            module, _, leaf = name.rpartition(".")
            setattr(other.get_submodule(module), leaf, mine[name])
        return other.train(self.training)

    @torch.no_grad()
    def initialize(self: Model, generator: torch.Generator, *, std: float = 0.02, shrink: bool = True) -> Model:
        r"""Fill all matrices with normal numbers, those that add to the stream $1/\sqrt{2L}$ times smaller.

        2L such matrices write into the stream, so that their sum keeps its size at any depth (unless ``shrink=False``).
        Biases become 0, gains 1.

        Source:  Radford et al. (2019), section 2.3; the standard deviation is that of their code. {cite}`radford2019`
        """
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                writes = shrink and name.endswith(("to_out.weight", "down.weight"))
                scale = std / (2 * self.config.layers) ** 0.5 if writes else std
                parameter.normal_(0.0, scale, generator=generator)
            else:
                parameter.fill_(0.0 if name.endswith("bias") else 1.0)
        return self

    def _check(self, tokens: Int[Tensor, "B T"], past: int) -> None:
        total = past + tokens.shape[1]
        if total > self.config.context:
            after = f"{tokens.shape[1]} tokens after {past} cached ones" if past else f"{total} tokens"
            raise ValueError(f"{after} do not fit into the context of {self.config.context}; keep the last ones")
        if tokens.numel() == 0:
            raise ValueError(f"there must be at least one token, got shape {tuple(tokens.shape)}")
        if not tokens.is_meta:
            low, high = (int(end) for end in tokens.aminmax())
            if low < 0 or high >= self.config.vocab:
                wrong = low if low < 0 else high
                raise ValueError(f"token {wrong} is not in the vocabulary of {self.config.vocab}")


def _positions(past: int, length: int, padding: Int[Tensor, " B"] | None, device: torch.device) -> Int[Tensor, "*B T"]:
    positions = torch.arange(past, past + length, device=device)  # (T,)
    if padding is None:
        return positions
    return (positions - padding[:, None]).clamp(min=0)  # (B, T): the first real token of each row is at 0


def _mask(
    past: int, length: int, padding: Int[Tensor, " B"] | None, device: torch.device
) -> Bool[Tensor, "*B T S"] | None:
    """Which keys each query may see; None, which is itself and the past, if no token is filling."""
    if padding is None:
        return None
    size = past + length
    if padding.min() < 0 or padding.max() >= size:
        raise ValueError(f"padding must be at least 0 and leave a token in each row of {size}, got {padding.tolist()}")
    causal = causal_mask(length, size).to(device)
    itself = causal.logical_xor(causal.tril(size - length - 1))  # padding sees at least itself: no empty row
    real = padding_mask(size - padding, size)[:, None, None, :]  # (B, 1, 1, S)
    return causal & real | itself  # (B, 1, T, S)
