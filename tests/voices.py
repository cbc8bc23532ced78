"""A voice for tests of the audio: it hums, so that lengths are known."""

import types

import numpy as np

RATE = 22_050


class Tone:
    """A voice that hums a quarter of a second for each word."""

    config = types.SimpleNamespace(sample_rate=RATE)

    def __init__(self) -> None:
        self.said = []

    def synthesize(self, text: str):
        self.said.append(text)
        t = np.arange(len(text.split()) * RATE // 4) / RATE
        yield types.SimpleNamespace(audio_float_array=(0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32))
