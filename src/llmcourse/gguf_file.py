"""Reading GGUF, the file of a quantized model that describes itself (numpy).

    "GGUF"   version   number of tensors   number of metadata entries       all numbers little-endian
    metadata           key, type, value: sizes of the model, its vocabulary, its chat template
    tensors            name, axes (fastest first), type, place: where their bytes stand in the data
    padding            to a multiple of general.alignment
    data               the bytes of the tensors; a quantized row is a row of blocks, each with a scale of its own

The ``gguf`` package turns blocks of bytes into numbers (``gguf.quants``). Its own reader of files is the oracle of this
one in the tests; it makes an object of each of SmolLM2's 98,052 tokens and merges, which takes two seconds and 150 MB.
This one takes a tenth of a second, and nothing that is not asked for stays in memory.
"""

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

from llmcourse.shapes import Float

__all__ = ["GGUFError", "GGUFFile", "StoredTensor", "open_gguf"]

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}  # for struct
_STRING, _ARRAY = 8, 9
_VERSIONS = (2, 3)
_PIECE = 1 << 18  # numbers decoded at a time: 1 MB of float32, and a few in passing


class GGUFError(ValueError):
    """A file cannot be read as GGUF; the message says what is wrong with it."""


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor's bytes stand in the file, and how to read them."""

    shape: tuple[int, ...]  # slowest axis first, as in numpy
    type: GGMLQuantizationType
    start: int  # its first byte, counted from the file's beginning

    @property
    def row_bytes(self) -> int:
        """Bytes of one row, along the last axis. A block never reaches over the end of a row."""
        numbers, size = GGML_QUANT_SIZES[self.type]
        return self.shape[-1] // numbers * size

    @property
    def rows(self) -> int:
        """Number of rows, over all other axes."""
        return int(np.prod(self.shape[:-1], dtype=np.int64))


@dataclass(frozen=True)
class GGUFFile:
    """The metadata of a GGUF file and the places of its tensors. The file is opened again to read one."""

    path: Path
    metadata: Mapping[str, Any]
    tensors: Mapping[str, StoredTensor]

    def rows(self, name: str, *, multiple: int = 1) -> Iterator[tuple[int, Float[np.ndarray, "_ _"]]]:
        """A tensor as a matrix (all axes but the last are rows), a few decoded rows at a time, with the first's number.

        Their count is a multiple of ``multiple``, except at the end.

        Raises:  GGUFError for a missing tensor, or a type that the gguf package cannot decode.
        """
        if name not in self.tensors:
            raise GGUFError(f"{self.path} has no tensor {name!r}; it has {len(self.tensors)}: {_some(self.tensors)}")
        tensor = self.tensors[name]
        step = max(1, _PIECE // tensor.shape[-1] // multiple) * multiple
        with self.path.open("rb") as file:
            file.seek(tensor.start)
            for row in range(0, tensor.rows, step):
                rows = min(step, tensor.rows - row)
                stored = np.frombuffer(file.read(rows * tensor.row_bytes), np.uint8).reshape(rows, -1)
                try:
                    yield row, quants.dequantize(stored, tensor.type)
                except NotImplementedError as error:
                    raise GGUFError(f"{self.path}: tensor {name!r} is of type {tensor.type.name}; {error}") from error

    def read_into(self, name: str, out: Float[np.ndarray, "..."]) -> None:
        """Decode a tensor into ``out``, an array of its shape. A second copy is never made.

        Raises:  as ``rows``; GGUFError for another shape, or an array that is not contiguous.
        """
        if name in self.tensors and out.shape != (shape := self.tensors[name].shape):
            raise GGUFError(f"{self.path}: tensor {name!r} has shape {shape}; shape {out.shape} was expected")
        if not out.flags.c_contiguous:
            raise GGUFError(f"the array for {name!r} is not contiguous, so its rows cannot be filled one after another")
        target = out.reshape(-1, out.shape[-1])
        for row, rows in self.rows(name):
            target[row : row + len(rows)] = rows


def open_gguf(path: str | os.PathLike[str]) -> GGUFFile:
    """The metadata of a GGUF file, and where its tensors stand.

    Raises:  GGUFError for a file that is something else, ends too early, or is of a version or type not known here;
             OSError if it cannot be opened.
    """
    path = Path(path)
    with path.open("rb") as file:
        header = _Header(file, path)
        magic = header.take(4)
        if magic != b"GGUF":
            raise GGUFError(f"{path} is not a GGUF file: it begins with {magic!r}, not b'GGUF'")
        if (version := header.number("I")) not in _VERSIONS:
            raise GGUFError(f"{path} is GGUF version {version}; versions 2 and 3 (little-endian) can be read")
        tensors, entries = header.number("Q"), header.number("Q")
        metadata = {header.string(): header.value(header.number("I")) for _ in range(entries)}
        places = dict(header.tensor() for _ in range(tensors))
        alignment = metadata.get("general.alignment", 32)
        data = -(-header.position // alignment) * alignment  # rounded up
    stored = {name: StoredTensor(shape, type, data + offset) for name, (shape, type, offset) in places.items()}
    for name, tensor in stored.items():
        if (end := tensor.start + tensor.rows * tensor.row_bytes) > header.size:
            raise GGUFError(f"{path} is truncated: {header.size} bytes long, but tensor {name!r} ends at byte {end}")
    return GGUFFile(path, metadata, stored)


class _Header:
    """Reads what stands before the data, and never past the end of the file."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self.file, self.path, self.size, self.position = file, path, path.stat().st_size, 0

    def take(self, count: int) -> bytes:
        if count > self.size - self.position:
            raise GGUFError(
                f"{self.path} is truncated or damaged: {self.size} bytes long, "
                f"but its header asks for {count} more at byte {self.position}"
            )
        self.position += count
        return self.file.read(count)

    def number(self, code: str) -> Any:
        return struct.unpack("<" + code, self.take(struct.calcsize(code)))[0]

    def string(self) -> str:
        raw = self.take(self.number("Q"))
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise GGUFError(f"{self.path} is damaged: the text {raw[:20]!r} is not UTF-8") from error

    def value(self, kind: int) -> Any:
        if kind in _NUMBERS:
            return self.number(_NUMBERS[kind])
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            raise GGUFError(f"{self.path} is damaged: metadata of type {kind} before byte {self.position}")
        kind, count = self.number("I"), self.number("Q")
        if kind not in _NUMBERS:
            return [self.value(kind) for _ in range(count)]
        code = _NUMBERS[kind]
        return list(struct.unpack(f"<{count}{code}", self.take(count * struct.calcsize(code))))

    def tensor(self) -> tuple[str, tuple[tuple[int, ...], GGMLQuantizationType, int]]:
        name, axes = self.string(), self.number("I")
        shape = tuple(self.number("Q") for _ in range(axes))[::-1]
        kind, offset = self.number("I"), self.number("Q")
        try:
            return name, (shape, GGMLQuantizationType(kind), offset)
        except ValueError as error:
            raise GGUFError(f"{self.path}: tensor {name!r} is of a type unknown to the gguf package: {kind}") from error


def _some(names: Mapping[str, Any]) -> str:
    return ", ".join([*list(names)[:3], "..."][: len(names)])
