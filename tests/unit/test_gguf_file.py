"""Oracle: the reader and the writer of the gguf package. The files here are small and written by the tests."""

import struct

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType, quants

from llmcourse.gguf_file import GGUFError, open_gguf

TYPES = (GGMLQuantizationType.Q4_1, GGMLQuantizationType.Q8_0, GGMLQuantizationType.F16, GGMLQuantizationType.F32)


@pytest.fixture
def path(tmp_path, rng):
    """A file with metadata of each kind, and a matrix of 70 rows in each type."""
    path = tmp_path / "small.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint8("a.uint8", 200)
    writer.add_int8("a.int8", -3)
    writer.add_uint16("a.uint16", 60_000)
    writer.add_int16("a.int16", -300)
    writer.add_uint32("a.uint32", 4_000_000_000)
    writer.add_int32("a.int32", -70_000)
    writer.add_float32("a.float32", 0.1)
    writer.add_bool("a.bool", True)
    writer.add_string("a.string", "naïve 😀")
    writer.add_uint64("a.uint64", 2**63)
    writer.add_int64("a.int64", -(2**40))
    writer.add_float64("a.float64", 0.1)
    writer.add_array("a.strings", ["", "Ġthe", "ĠĠ"])
    writer.add_array("a.numbers", [3, -1, 2**20])
    for type in TYPES:
        matrix = rng.standard_normal((70, 64), dtype=np.float32)
        writer.add_tensor(type.name, quants.quantize(matrix, type), raw_dtype=type)
    writer.add_tensor("vector", rng.standard_normal(5, dtype=np.float32))
    writer.add_tensor("cube", rng.standard_normal((2, 3, 4), dtype=np.float32))
    finish(writer)
    return path


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_metadata_is_what_the_gguf_package_reads(path):
    file, theirs = open_gguf(path), gguf.GGUFReader(path)
    expected = {name: field.contents() for name, field in theirs.fields.items() if not name.startswith("GGUF.")}
    assert file.metadata == expected
    assert file.metadata["a.strings"] == ["", "Ġthe", "ĠĠ"]
    assert len(expected) == 15


def test_tensors_are_what_the_gguf_package_reads(path):
    file, theirs = open_gguf(path), gguf.GGUFReader(path)
    assert list(file.tensors) == [tensor.name for tensor in theirs.tensors]
    for tensor in theirs.tensors:
        expected = quants.dequantize(tensor.data, tensor.tensor_type)
        out = np.full(expected.shape, np.nan, np.float32)
        file.read_into(tensor.name, out)
        np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("piece", [1, 64, 200, 10**6])
def test_the_size_of_a_piece_changes_nothing(path, monkeypatch, piece):
    whole, parts = np.empty((70, 64), np.float32), np.empty((70, 64), np.float32)
    open_gguf(path).read_into("Q4_1", whole)
    monkeypatch.setattr("llmcourse.gguf_file._PIECE", piece)
    open_gguf(path).read_into("Q4_1", parts)
    np.testing.assert_array_equal(parts, whole)


def test_the_data_may_be_aligned_otherwise(tmp_path):
    writer = gguf.GGUFWriter(tmp_path / "file.gguf", "llama")
    writer.add_custom_alignment(256)
    writer.add_tensor("a", np.array([1.0, 2.0], np.float32))
    writer.add_tensor("b", np.array([3.0], np.float32))
    finish(writer)
    file, out = open_gguf(tmp_path / "file.gguf"), np.empty(1, np.float32)
    file.read_into("b", out)
    assert out.tolist() == [3.0]
    assert file.tensors["b"].start % 256 == 0


def test_every_truncation_is_noticed(path):
    content = path.read_bytes()
    ends = {*range(4, 600, 7), *range(600, len(content), 997), len(content) - 1}
    for end in ends:
        path.write_bytes(content[:end])
        with pytest.raises(GGUFError, match=f"truncated.*{end} bytes long"):
            open_gguf(path)


def test_a_file_of_another_kind_is_named(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"PK\x03\x04 a zip archive")
    with pytest.raises(GGUFError, match=r"not a GGUF file: it begins with b'PK\\x03\\x04'"):
        open_gguf(path)
    path.write_bytes(b"")
    with pytest.raises(GGUFError, match="0 bytes long"):
        open_gguf(path)
    with pytest.raises(FileNotFoundError):
        open_gguf(tmp_path / "missing.gguf")


@pytest.mark.parametrize("version", [1, 4, 3 << 24])
def test_other_versions_are_refused(path, version):
    content = path.read_bytes()
    path.write_bytes(content[:4] + struct.pack("<I", version) + content[8:])
    with pytest.raises(GGUFError, match=f"GGUF version {version}; versions 2 and 3"):
        open_gguf(path)


def test_damaged_metadata_is_refused(path):
    content = path.read_bytes()
    kind = content.index(b"a.uint8") + len(b"a.uint8")
    path.write_bytes(content[:kind] + struct.pack("<I", 99) + content[kind + 4 :])
    with pytest.raises(GGUFError, match="damaged: metadata of type 99"):
        open_gguf(path)
    path.write_bytes(content.replace(b"a.uint8", b"a.uint\xff"))
    with pytest.raises(GGUFError, match="is not UTF-8"):
        open_gguf(path)
    count = content.index(b"a.numbers") + len(b"a.numbers") + 8
    path.write_bytes(content[:count] + struct.pack("<Q", 2**61) + content[count + 8 :])
    with pytest.raises(GGUFError, match=f"asks for {2**63} more"):
        open_gguf(path)


def test_a_type_without_a_decoder_is_named(path):
    """I32 is a type that the gguf package knows and cannot decode; 250 is one that it does not know."""
    content = path.read_bytes()
    kind = content.index(b"vector") + len(b"vector") + 4 + 8
    path.write_bytes(content[:kind] + struct.pack("<I", GGMLQuantizationType.I32) + content[kind + 4 :])
    with pytest.raises(GGUFError, match="'vector' is of type I32"):
        open_gguf(path).read_into("vector", np.empty(5, np.float32))
    path.write_bytes(content[:kind] + struct.pack("<I", 250) + content[kind + 4 :])
    with pytest.raises(GGUFError, match="'vector' is of a type unknown to the gguf package: 250"):
        open_gguf(path)


def test_a_missing_tensor_and_another_shape_are_refused(path):
    file = open_gguf(path)
    with pytest.raises(GGUFError, match=r"no tensor 'matrix'; it has 6: Q4_1, Q8_0, F16, \.\.\."):
        file.read_into("matrix", np.empty(5, np.float32))
    with pytest.raises(GGUFError, match=r"'cube' has shape \(2, 3, 4\); shape \(4, 3, 2\) was expected"):
        file.read_into("cube", np.empty((4, 3, 2), np.float32))
    with pytest.raises(GGUFError, match="contiguous"):
        file.read_into("Q4_1", np.empty((64, 70), np.float32).T)
