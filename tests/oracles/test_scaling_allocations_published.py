"""The allocations and models of ScalingExplorer against the numbers that their papers print beside them."""

import pytest

from llmcourse.explore.scaling_laws import PUBLISHED_LAWS
from llmcourse.explore.scaling_models import KNOWN_MODELS

LAWS = {one.key: one for one in PUBLISHED_LAWS}
MODELS = {one.name: one for one in KNOWN_MODELS}

# Hoffmann et al. (2022), tables 3 and A3 (approach 2): parameters, and the FLOP that make them the optimum.
SIZES = (4e8, 1e9, 10e9, 67e9, 175e9, 280e9, 520e9, 1e12, 10e12)
TABLE_3 = (1.92e19, 1.21e20, 1.23e22, 5.76e23, 3.85e24, 9.90e24, 3.43e25, 1.27e26, 1.30e28)
TABLE_A3 = (1.84e19, 1.20e20, 1.32e22, 6.88e23, 4.54e24, 1.18e25, 4.19e25, 1.59e26, 1.75e28)


@pytest.mark.parametrize(("key", "table"), [("approach1", TABLE_3), ("approach2", TABLE_A3)])
def test_a_rounded_exponent_through_one_row_meets_all_nine(key, table):
    for size, compute in zip(SIZES, table, strict=True):
        assert LAWS[key].optimum(compute)[0] == pytest.approx(size, rel=0.04)


def test_hoffmanns_own_example_at_1e21_flop():
    """Section D.4: approach 1 "estimate[s] a 2.86 billion parameter model should be optimal"."""
    assert LAWS["approach1"].optimum(1e21)[0] == pytest.approx(2.86e9, rel=0.03)


def test_the_label_of_llama_3s_figure_meets_its_text():
    """Section 3.2.1: 3.8e25 FLOP "suggests training a 402B parameter model on 16.55T tokens"."""
    size, data, _ = LAWS["llama3"].optimum(3.8e25)
    assert (size, data) == pytest.approx((402e9, 16.55e12), rel=0.04)
    assert 0.29 * 3.8e25**0.53 == pytest.approx(10.5e12, rel=0.01)  # the rounded constants of the text do not


def test_kaplans_factor_for_ten_times_the_compute():
    """Hoffmann et al., section 1, of Kaplan et al.: for 10 times the compute 5.5 times the size, 1.8 times the data."""
    (n, d, _), (more_n, more_d, _) = (LAWS["kaplan"].optimum(c) for c in (1e20, 1e21))
    assert (more_n / n, more_d / d) == pytest.approx((5.5, 1.8), rel=0.04)


def test_gopher_chinchilla_and_llama_cost_what_their_papers_say():
    assert MODELS["Gopher"].compute == pytest.approx(5.76e23, rel=0.15)  # 6ND leaves out the attention scores
    assert MODELS["Chinchilla"].compute == pytest.approx(5.76e23, rel=0.03)
    assert MODELS["Llama 3.1 405B"].compute == pytest.approx(3.8e25, rel=0.01)  # section 3.2
    assert MODELS["GPT-3"].compute == pytest.approx(3.14e23, rel=0.01)  # Brown et al. (2020), table D.1


@pytest.mark.parametrize(
    ("name", "inside", "vocab", "width"),
    [
        ("Pythia 160M", 85_056_000, 50_304, 768),
        ("Pythia 1.4B", 1_208_602_624, 50_304, 2048),
        ("Pythia 12B", 11_327_027_200, 50_688, 5120),
    ],
)
def test_pythias_sizes_are_the_papers_and_two_untied_embeddings(name, inside, vocab, width):
    assert MODELS[name].parameters == inside + 2 * vocab * width
    assert MODELS[name].tokens == 143_000 * 2_097_152  # steps times batch
