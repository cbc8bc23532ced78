"""The search index: pages that say most about a word come first, and glossary entries survive a partial build.

Sphinx's index says which pages hold a word, not how often. The order of their numbers means nothing to Sphinx, so
it can say this much: most mentions first, then the order of the course. search.js reads it.

Sphinx (7.4) collects a page's index entries for the search while it *writes* the page, but stores its memory of all
pages before it writes. The next build, which writes only what has changed, would leave the others' entries out.
"""

import pickle
from collections import Counter
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.search import IndexBuilder, js_index


def forget_removed_pages(_app: Sphinx, env: BuildEnvironment) -> None:
    """Pages that are gone have no entries: Sphinx would stop at their names."""
    for page in env._search_index_index_entries.keys() - env.found_docs:
        del env._search_index_index_entries[page]


def order_by_mentions(app: Sphinx, exception: Exception | None) -> None:
    """Sort the pages of each word in the index that Sphinx has written."""
    indexer = getattr(app.builder, "indexer", None)  # there is none if nothing had to be written
    if exception is None and app.builder.name == "html" and indexer:
        path = Path(app.outdir, "searchindex.js")
        index = js_index.loads(path.read_text(encoding="utf-8"))
        counts = [count_words(app.env.get_doctree(page), indexer) for page in index["docnames"]]
        in_course = [page.removesuffix("index") for page in index["docnames"]]  # a chapter's own page is its first
        for table in (index["terms"], index["titleterms"]):
            for word, pages in table.items():
                if isinstance(pages, list):  # a single page is a bare number
                    pages.sort(key=lambda page, word=word: (-counts[page][word], in_course[page]))
        path.write_text(js_index.dumps(index), encoding="utf-8")


def count_words(doctree: nodes.document, indexer: IndexBuilder) -> Counter[str]:
    """How often each word stands in a page, as Sphinx cuts a text into words and words to their stems."""
    stems = Counter()
    for word, times in Counter(indexer._word_collector(doctree).words).items():
        stems[indexer.lang.stem(word)] += times
    return stems


def store_again(app: Sphinx, exception: Exception | None) -> None:
    """Store the memory once more, after writing."""
    if exception is None and app.builder.name == "html":
        memory = Path(app.doctreedir) / "environment.pickle"
        memory.write_bytes(pickle.dumps(app.env, pickle.HIGHEST_PROTOCOL))


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.connect("env-updated", forget_removed_pages)
    app.connect("build-finished", order_by_mentions)
    app.connect("build-finished", store_again)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
