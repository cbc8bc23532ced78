"""Files that are written whole or not at all (standard library)."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path to write to, on the same disk; when the block ends without an error, the file is moved to ``path``.

    Until then, and after an error or a kill, what stood at ``path`` before is still there.

    Raises:  OSError if the folder does not exist or cannot be written to.
    """
    path = Path(path)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as scratch:
        part = Path(scratch) / path.name
        yield part
        os.replace(part, path)
