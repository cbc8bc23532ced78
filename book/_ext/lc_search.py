"""Glossary entries stay in the search when only some pages are built again.

Sphinx (7.4) collects a page's index entries for the search while it *writes* the page, but stores its memory of all
pages before it writes. The next build, which writes only what has changed, would leave the others' entries out.
"""

import pickle
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def forget_removed_pages(_app: Sphinx, env: BuildEnvironment) -> None:
    """Pages that are gone have no entries: Sphinx would stop at their names."""
    for page in env._search_index_index_entries.keys() - env.found_docs:
        del env._search_index_index_entries[page]


def store_again(app: Sphinx, exception: Exception | None) -> None:
    """Store the memory once more, after writing."""
    if exception is None and app.builder.name == "html":
        memory = Path(app.doctreedir) / "environment.pickle"
        memory.write_bytes(pickle.dumps(app.env, pickle.HIGHEST_PROTOCOL))


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.connect("env-updated", forget_removed_pages)
    app.connect("build-finished", store_again)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
