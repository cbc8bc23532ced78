"""Other people's positions: Marian, T5 and Bloom from transformers, the ALiBi paper's formula."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close
from transformers import T5Config
from transformers.models.bloom.modeling_bloom import build_alibi_tensor
from transformers.models.marian.modeling_marian import MarianSinusoidalPositionalEmbedding
from transformers.models.t5.modeling_t5 import T5Attention

from llmcourse.transformer.positions import sinusoidal
from llmcourse.transformer.relative import T5Bias, alibi_bias, alibi_slopes, t5_bucket


@pytest.mark.parametrize("width", [2, 6, 64, 512])
def test_marians_table_has_the_same_columns_in_another_order(width):
    """Hugging Face's Marian puts all sines before all cosines; the paper interleaves them."""
    table = MarianSinusoidalPositionalEmbedding(300, width).create_weight()
    ours = sinusoidal(torch.arange(300), width, dtype=torch.float32)
    assert_close(torch.cat((ours[:, 0::2], ours[:, 1::2]), dim=1), table)


def test_complex_powers_give_the_same_clocks():
    """(e^{iω})^t by NumPy's complex powers: no sine and no cosine of ours."""
    omega = 500.0 ** (-np.arange(0, 10, 2) / 10)
    z = np.exp(1j * omega)[None, :] ** np.arange(40)[:, None]
    table = np.stack((z.imag, z.real), axis=-1).reshape(40, 10)
    assert_close(sinusoidal(torch.arange(40), 10, base=500.0), torch.from_numpy(table), atol=1e-12, rtol=0)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("buckets", [4, 12, 32, 64])
@pytest.mark.parametrize("max_distance", [40, 128, 1000])
def test_every_bucket_is_transformers(buckets, max_distance, causal):
    offsets = torch.arange(-1500, 1501)
    theirs = T5Attention._relative_position_bucket(offsets, not causal, buckets, max_distance)
    assert torch.equal(t5_bucket(offsets, buckets=buckets, max_distance=max_distance, causal=causal), theirs)


@pytest.mark.parametrize("causal", [True, False])
def test_t5_bias_with_the_same_table_is_transformers(causal):
    config = T5Config(d_model=12, d_kv=4, num_heads=3, is_decoder=causal, relative_attention_num_buckets=16)
    theirs = T5Attention(config, has_relative_attention_bias=True, layer_idx=0)
    ours = T5Bias(3, buckets=16, causal=causal)
    ours.table.load_state_dict(theirs.relative_attention_bias.state_dict())
    assert_close(ours(150, 150), theirs.compute_bias(150, 150)[0])
    assert_close(ours(7, 150), theirs.compute_bias(7, 150, past_seen_tokens=143)[0])


@pytest.mark.parametrize("heads", [1, 2, 3, 7, 8, 12, 25, 32, 71])
def test_alibi_is_blooms_once_softmax_has_taken_the_shift_away(heads):
    theirs = build_alibi_tensor(torch.ones(2, 9, dtype=torch.long), heads, torch.float32)[:heads]  # (H, 1, S)
    ours = alibi_bias(heads, 1, 9).float()
    assert_close((ours + 0.3).softmax(-1), theirs.softmax(-1))
    assert_close(ours, theirs - theirs[..., -1:])


@pytest.mark.parametrize("heads", [1, 2, 4, 8, 16, 64])
def test_slopes_are_the_papers_geometric_sequence(heads):
    """Section 3: it starts at 2^(−8/n) and has that same value as its ratio."""
    ratio = 2 ** (-8 / heads)
    assert_close(alibi_slopes(heads), torch.from_numpy(np.cumprod(np.full(heads, ratio))))
