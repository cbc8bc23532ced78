import numpy as np

from llmcourse.exercises import sinusoidal as exercises


def test_right_solutions_written_another_way_pass():
    def row(t, width, base):
        out = []
        for i in range(width // 2):
            z = np.exp(1j * t / base ** (2 * i / width))
            out += [z.imag, z.real]
        return np.array(out)

    def shifted(one, k, base):
        z = one[1::2] + 1j * one[0::2]
        z = z * np.exp(1j * k / base ** (np.arange(0, one.size, 2) / one.size))
        return np.stack((z.imag, z.real), axis=1).ravel()

    assert exercises.sinusoid_row.check(row).passed
    assert exercises.shifted_row.check(shifted).passed
    assert exercises.product_by_hand.check(0.5639).passed
    assert exercises.longest_wavelength.check(47_100).passed


def test_the_answers_are_the_packages():
    import torch

    from llmcourse.transformer.positions import offset_product, sinusoidal, wavelengths

    for t, width, base in exercises.sinusoid_row.cases:
        np.testing.assert_allclose(
            exercises.sinusoid_row.answer(t, width, base), sinusoidal(torch.tensor([t]), width, base=base)[0].numpy()
        )
    np.testing.assert_allclose(exercises.longest_wavelength.answer, wavelengths(64)[-1].item())
    np.testing.assert_allclose(
        exercises.product_by_hand.answer, offset_product(torch.tensor([2]), 4, base=100.0)[0].item()
    )
