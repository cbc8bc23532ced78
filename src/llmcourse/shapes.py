"""Axis letters: one meaning each, in every signature, comment, figure and test.

    B  sequences in a batch            D  model width
    T  positions being computed        F  feed-forward width
    S  positions being looked at       H  query heads
    V  vocabulary entries              G  key/value heads (H is a multiple of G)
    E  experts                         K  width of one head
    N  independent samples             R  adapter rank, or query heads that share a key
    M  features of a kernel
    C  contexts (rows of a table of conditional or joint probabilities)

``*B`` stands for any number of batch axes, including none.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from jaxtyping import Bool, Float, Int, Integer, install_import_hook

if TYPE_CHECKING:
    Array = np.ndarray  # numpy's scalars can do all that an array of shape () can; type checkers do not know
else:
    Array = np.ndarray | np.generic  # np.generic: numpy returns a scalar when every axis is reduced

__all__ = ["Array", "Bool", "Float", "Int", "Integer", "check_same_shape", "check_shapes"]


class _Shaped(Protocol):
    @property
    def shape(self) -> Sequence[int]: ...


def check_same_shape(**arrays: _Shaped) -> None:
    """Raise ValueError unless all have one shape. Unequal ones would often be stretched, and give a wrong number.

    >>> check_same_shape(chosen=np.zeros(3), rejected=np.zeros(1))
    Traceback (most recent call last):
    ValueError: the shapes must agree, got chosen (3,), rejected (1,): each number needs a partner of its own
    """
    shapes = {name: tuple(array.shape) for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"the shapes must agree, got {listed}: each number needs a partner of its own")


def check_shapes() -> None:
    """Check every annotation of this package when it is called. Call before importing other modules."""
    install_import_hook("llmcourse", "beartype.beartype")
