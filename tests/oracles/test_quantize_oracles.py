"""Oracles: gguf's Q8_0 (llama.cpp's format, blocks of 32 weights) and torch's quantized tensors."""

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType
from gguf.quants import quantize
from numpy.testing import assert_allclose, assert_array_equal

from llmcourse.learning.quantize import dequantize_rows, quantize_rows


def test_a_row_of_32_is_a_block_of_q8_0(rng):
    w = rng.standard_normal((300, 32)).astype(np.float32) * np.exp(rng.uniform(-5, 5, (300, 1))).astype(np.float32)
    blocks = quantize(w, GGMLQuantizationType.Q8_0)  # 2 bytes of scale in float16, then 32 of weights
    rows = quantize_rows(w)
    assert_array_equal(blocks[:, 2:].view(np.int8), rows.q)
    assert_allclose(blocks[:, :2].copy().view(np.float16)[:, 0], rows.scale, rtol=2**-11)  # float16


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning", "ignore:.*quantiz:DeprecationWarning")
def test_torch_stores_the_same_bytes_with_our_scales_and_reads_the_same_weights(rng):
    w = rng.standard_normal((40, 96)).astype(np.float32)
    rows = quantize_rows(w)
    zero = torch.zeros(40, dtype=torch.int64)
    theirs = torch.quantize_per_channel(torch.from_numpy(w), torch.from_numpy(rows.scale), zero, 0, torch.qint8)
    assert_array_equal(theirs.int_repr().numpy(), rows.q)
    assert_array_equal(theirs.dequantize().numpy(), dequantize_rows(rows))
