"""The search page: which places it names, and in which order."""

import pytest

pytestmark = pytest.mark.browser
DIGEST = "book/digest/index.html"
ROTARY = "chapters/05_position/03_rotary.html"
SOFTMAX = "chapters/04_attention/03_softmax.html"
PERPLEXITY = "chapters/11_evaluation/01_perplexity.html"
DPO = "chapters/10_alignment/03_dpo.html"
READ = "found => found.map(one => [one.querySelector('a').getAttribute('href'), one.innerText])"


@pytest.fixture
def tab(browser):
    page = browser.new_page()
    yield page
    page.close()


def results(tab, base: str, query: str) -> tuple[list[str], list[str]]:
    """Links and texts of what the page shows, once it says that it has shown all."""
    tab.goto(f"{base}/search.html?q={query}")
    tab.wait_for_function("/finished/.test(Search.status?.innerText)")
    found = tab.eval_on_selector_all("#search-results li", READ)
    return [link for link, _ in found], [text for _, text in found]


@pytest.mark.parametrize("how", ["server", "file"])
@pytest.mark.parametrize(("word", "page"), [("entropy", "03_entropy"), ("perplexity", "01_perplexity")])
def test_search_lists_pages_before_functions_and_each_place_once(tab, address, site, how, word, page):
    links, texts = results(tab, address if how == "server" else site.as_uri(), word)
    assert page in links[0]
    assert len(links) == len(set(links))
    assert f"{word} (glossary)" in texts
    assert not any(text.startswith("llmcourse.") and "(module)" not in text for text in texts)
    assert links.index(next(one for one in links if "chapters/" in one)) < texts.index(f"{word} (function)")


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("RoPE", ROTARY),  # no title has it: the page that says it most often
        ("DPO", DPO),
        ("softmax", SOFTMAX),
        ("perplexity", PERPLEXITY),
        ("transformer", f"{DIGEST}#transformer"),
        ("transformers", f"{DIGEST}#transformer"),
        ("chain of thought", f"{DIGEST}#chain-of-thought"),
        ("tokenization", f"{DIGEST}#tokenization"),
        ("RAG", f"{DIGEST}#retrieval-rag"),
    ],
)
def test_the_place_that_is_about_the_words_comes_first(tab, address, query, first):
    assert results(tab, address, query)[0][0] == first


def test_a_heading_with_the_words_follows_their_glossary_entry(tab, address):
    links, texts = results(tab, address, "KL divergence")
    assert texts[0] == "kl divergence (glossary)"
    assert "03_entropy.html#cross-entropy-and-kl-divergence" in links[1]


def test_no_word_is_found_inside_another(tab, address):
    texts = results(tab, address, "RAG")[1]  # "average", "coverage", "paragraph"
    assert not [text for text in texts if "verage" in text and text != "Coverage"]  # that page does mention RAG
    assert not [link for link in results(tab, address, "rope")[0] if "proper" in link]


# A small index: titles and headings with and without the word, and lists of pages as lc_search.py sorts them.
INDEX = """{
  docnames: ["book/glossary", "chapters/05_a/03_b", "chapters/10_c/01_d", "chapters/10_c/02_e", "chapters/10_c/10_f"],
  filenames: ["a", "b", "d", "e", "f"],
  titles: ["Glossary", "5.3. Sloops", "10.1. Boats", "10.2. A loop", "10.10. Ends"],
  alltitles: {
    "Loops we know": [[4, "deep"], [2, "deep"], [1, "deep"]],
    "Developing": [[4, "inside"]],
    "3 · Loop": [[4, "exact"]],
  },
  terms: { loop: [4, 0, 2], sloop: [1], mast: [4, 2, 0], mastiff: 3 },
  titleterms: { loop: [3], sloop: [1] },
  indexentries: {}, objects: {}, objnames: {}, objtypes: {},
}"""


def test_titles_come_before_headings_before_mentions_and_ties_follow_the_course(tab, address):
    def places(query: str) -> list[str]:
        found = tab.evaluate("query => Search._performSearch(...Search._parseQuery(query)).reverse()", query)
        return [page.split("/")[-1] + anchor for page, _, anchor, *_ in found]

    tab.goto(f"{address}/search.html")
    tab.wait_for_function("Search.hasIndex()")
    tab.evaluate(f"Search.setIndex({INDEX})")
    headings = ["10_f#exact", "10_f#deep", "01_d#deep", "03_b#deep"]  # 10.10 says it most, 5.3 has it in a heading only
    assert places("loop") == ["02_e", *headings, "10_f", "01_d", "glossary"]
    assert places("mast") == ["10_f", "01_d", "glossary"]  # that word is there, so "mastiff" is another
    assert places("masti") == ["02_e"]
    assert places("loo mast") == ["10_f", "01_d", "glossary"]
    assert places("of") == []  # a word that Sphinx leaves out
    tab.evaluate("Object.assign(Search._index, { terms: {}, titleterms: {} })")
    assert places("know") == ["03_b#deep", "01_d#deep", "10_f#deep"]
