"""One block of a transformer, the same for GPT-2 and for Llama (torch)."""

from torch import Tensor, nn

from llmcourse.shapes import Bool, Float
from llmcourse.transformer.attention import Rotation, SelfAttention
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.feedforward import feedforward_from
from llmcourse.transformer.kv_cache import LayerCache
from llmcourse.transformer.norms import norm_from
from llmcourse.transformer.record import Record


class Block(nn.Module):
    r"""Two additions to the residual stream: what attention gathers, then what the feed-forward network makes of it.

    Pre-norm:   $x \leftarrow x + \mathrm{attention}(\mathrm{norm}(x))$, then the same with the feed-forward network.
    Post-norm:  $x \leftarrow \mathrm{norm}(x + \mathrm{attention}(x))$, the original order.
    Source:     Vaswani et al. (2017), section 3.1, for post-norm; Xiong et al. (2020), figure 1, for both.
                {cite}`vaswani2017,xiong2020`
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.attention_norm = norm_from(config)
        self.attention = SelfAttention(config)
        self.ffn_norm = norm_from(config)
        self.ffn = feedforward_from(config)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        *,
        rotation: Rotation | None = None,
        mask: Bool[Tensor, "*#B T S"] | None = None,
        cache: LayerCache | None = None,
        record: Record | None = None,
    ) -> Float[Tensor, "B T D"]:
        """The stream after this block. Without a mask, each position sees itself and the past."""
        pre = self.config.norm_place == "pre"
        gathered = self.attention(
            self.attention_norm(x) if pre else x, rotation=rotation, mask=mask, cache=cache, record=record
        )
        x = x + gathered if pre else self.attention_norm(x + gathered)
        made = self.ffn(self.ffn_norm(x) if pre else x)
        if record is not None:
            record.add(attention_out=gathered, ffn_out=made)
        return x + made if pre else self.ffn_norm(x + made)
