"""The gap-filling model: what it may see, what its order-blindness means, that it learns what its positions allow."""

import pytest
import torch
from torch.testing import assert_close

from llmcourse.transformer.gap_model import GapModel, gap_losses, position_tables, train_gap, windows
from llmcourse.transformer.positions import sinusoidal

SIZE, WIDTH = 7, 16
CLOCKS = sinusoidal(torch.arange(SIZE), WIDTH, dtype=torch.float32)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def model(positions: torch.Tensor = CLOCKS, **options) -> GapModel:
    return GapModel(5, positions, generator=seeded(0), **options)


def test_the_hidden_token_is_not_seen():
    one = model()
    tokens = torch.randint(5, (3, SIZE), generator=seeded(1))
    hidden = torch.tensor([0, 3, 6])
    changed = tokens.clone()
    changed[torch.arange(3), hidden] = (changed[torch.arange(3), hidden] + 1) % 5
    assert_close(one(tokens, hidden), one(changed, hidden))
    elsewhere = torch.tensor([1, 4, 5])
    assert not torch.allclose(one(tokens, elsewhere), one(changed, elsewhere))


@pytest.mark.parametrize("blind", [True, False])
def test_without_positions_it_reads_a_bag(blind):
    one = model(0 * CLOCKS if blind else CLOCKS)
    tokens = torch.randint(5, (2, SIZE), generator=seeded(2))
    order = torch.tensor([4, 1, 0, 3, 2, 6, 5])  # the gap stays at 3
    hidden = torch.tensor([3, 3])
    assert torch.allclose(one(tokens, hidden), one(tokens[:, order], hidden), atol=1e-5) == blind


def test_the_same_generator_gives_the_same_model_and_the_same_training():
    runs = []
    for _ in range(2):
        one = model(learned=True)
        text = torch.randint(5, (200,), generator=seeded(3))
        runs.append((train_gap(one, text, steps=4, generator=seeded(4), batch=8), one.positions.detach()))
    assert torch.equal(runs[0][0], runs[1][0])
    assert torch.equal(runs[0][1], runs[1][1])
    assert not torch.equal(runs[0][1], CLOCKS)


def test_a_table_that_is_not_learned_stays_as_it_is():
    one = model()
    train_gap(one, torch.randint(5, (200,), generator=seeded(3)), steps=3, generator=seeded(4), batch=8)
    assert torch.equal(one.positions, CLOCKS)


def test_windows_are_pieces_of_the_text_from_first_to_last_place():
    text = torch.arange(10)
    pieces, hidden = windows(text, 4, 500, generator=seeded(5))
    assert ((pieces[:, 1:] - pieces[:, :-1]) == 1).all()
    assert (pieces.min(), pieces.max()) == (0, 9)
    assert sorted(set(hidden.tolist())) == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="3 tokens has no piece of 4"):
        windows(text[:3], 4, 1, generator=seeded(0))


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="width 16 is not a multiple of heads 3"):
        model(heads=3)


def test_with_clocks_it_learns_a_rule_about_neighbors_that_a_bag_cannot_know():
    """A text that counts 0 1 2 3 4 0 1 …: the neighbors tell the gap exactly, the bag of a whole turn tells nothing."""
    text = torch.arange(3000) % 5
    losses = {}
    for name, positions in {"blind": 0 * CLOCKS[:6], "clocks": CLOCKS[:6]}.items():
        one = model(positions)
        train_gap(one, text, steps=150, generator=seeded(6), batch=64, rate=1e-2)
        losses[name] = gap_losses(one, text, count=300, generator=seeded(7)).mean().item()
    assert losses["clocks"] < 0.1
    assert losses["blind"] > 0.3


def test_losses_are_those_of_the_hidden_tokens():
    one, text = model(), torch.randint(5, (90,), generator=seeded(8))
    pieces, hidden = windows(text, SIZE, 6, generator=seeded(9))
    logp = one(pieces, hidden).log_softmax(-1)
    by_hand = -torch.stack([logp[i, pieces[i, h]] for i, h in enumerate(hidden.tolist())])
    assert_close(gap_losses(one, text, count=6, generator=seeded(9)), by_hand.detach())


def test_the_tables_are_what_their_names_say():
    tables = position_tables(5, 6, generator=seeded(0))
    assert all(table.shape == (5, 6) and table.dtype == torch.float32 for table in tables.values())
    assert tables["no positions"].count_nonzero() == 0
    assert tables["number t"][:, 0].tolist() == [0, 1, 2, 3, 4]
    assert_close(tables["fraction t/T"], tables["number t"] / 5)
    assert tables["binary digits"][3].tolist() == [1, 1, -1, 0, 0, 0]  # 3 is 11 in binary
    assert tables["binary digits"][4].tolist() == [-1, -1, 1, 0, 0, 0]
    both, sines = tables["sines and cosines"], tables["sines alone"]
    assert_close(both, sinusoidal(torch.arange(5), 6, dtype=torch.float32))
    assert_close(sines[:, 0::2], both[:, 0::2])
    assert sines[:, 1::2].count_nonzero() == 0
    assert 0 < tables["learned"].abs().max() < 0.1
    with pytest.raises(ValueError, match="17 places have 5 binary digits, the width is only 4"):
        position_tables(17, 4, generator=seeded(0))
