from pathlib import Path

import pytest
import yaml

from llmcourse.study.course import Page, everything
from llmcourse.study.coverage import coverage, treated

ROOT = Path(__file__).parents[3]


def page(identity, *topics, planned=False):
    path = "" if planned else f"chapters/{identity}.ipynb"
    return Page(identity, path, "T", identity.split(".")[0], (), topics, 20)


def test_a_topic_names_its_written_and_its_planned_pages_and_a_gap_shows(tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    topics = {"rope": "RoPE", "moe": "MoE", "rag": "RAG", "summary": "In short"}
    groups = [{"title": "A", "topics": ["rope", "moe"]}, {"title": "B", "topics": ["rag", "rope", "summary"]}]
    data = {"topics": topics, "sources": [{"title": "Book", "note": "N.", "groups": groups}], "goals": {}}
    (tmp_path / "book/topics.yml").write_text(yaml.safe_dump(data), encoding="utf-8")
    pages = [page("0", "summary", "rag"), page("5.3", "rope"), page("6.1", "moe", "rope", planned=True)]
    monkeypatch.setattr("llmcourse.study.coverage.everything", lambda root: pages)
    (source,) = coverage(tmp_path)
    assert [[topic.id for topic in group.topics] for group in source.groups] == [
        ["rope", "moe"],
        ["rag", "rope", "summary"],
    ]
    by_id = {topic.id: topic for topic in source.topics}
    assert len(source.topics) == 4  # RoPE stands in two groups and counts once
    assert [by_id[one].state for one in ("rope", "moe", "rag", "summary")] == ["treated", "planned", "gap", "treated"]
    assert [one.id for one in (*by_id["rope"].written, *by_id["rope"].planned)] == ["5.3", "6.1"]
    assert [source.count(state) for state in ("treated", "planned", "gap")] == [2, 1, 1]


def test_topics_of_the_real_pages_exist_and_each_is_found_again():
    data = yaml.safe_load((ROOT / "book/topics.yml").read_text(encoding="utf-8"))
    pages = everything(ROOT)
    named = {topic for page in pages for topic in page.topics}
    assert named <= set(data["topics"])
    assert set(treated(pages)) <= named
    assert all(one.topics for one in pages if one.id != "0")


@pytest.mark.parametrize("key", ["topics", "goals"])
def test_every_entry_of_the_data_file_is_used(key):
    """A topic that no source lists and no page names would be a leftover."""
    data = yaml.safe_load((ROOT / "book/topics.yml").read_text(encoding="utf-8"))
    listed = {topic for source in data["sources"] for group in source["groups"] for topic in group["topics"]}
    pages = everything(ROOT)
    used = {"topics": listed | set(treated(pages)), "goals": {page.id for page in pages}}[key]
    assert {one if key == "topics" else data["goals"][one] for one in data[key]} <= used


def test_the_sources_are_the_two_books_and_the_article_with_its_24_topics():
    spine, systems, article = coverage(ROOT)
    assert [group.title.split(" ")[0] for group in spine.groups] == [str(number) for number in range(1, 15)]
    assert sum(len(group.topics) for group in article.groups) == len(article.topics) == 24
    assert systems.topics
    rope = next(topic for topic in spine.topics if topic.id == "rope")
    assert [page.id for page in rope.written] == ["5.3"]
