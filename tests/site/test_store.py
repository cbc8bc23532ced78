"""The reader's record in a real browser: kept, merged, exported, and never lost to a bad file or a full storage."""

import json
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from llmcourse.study.record_format import parse, text
from tests.record_files import EMPTY, KEY, LATER, READ, REFUSED, WHEN, WRONG, random_record
from tests.site.widgets import BLOCKED

pytestmark = pytest.mark.browser

FULL = """() => {
  for (let part = 5_300_000, n = 0; part >= 1; ) {
    try { localStorage.setItem(`filler-${n}`, 'x'.repeat(part)); n += 1; } catch { part = Math.floor(part / 2); }
  }
}"""
EMPTIED = """() => Object.keys(localStorage).filter(key => key.startsWith('filler'))
    .forEach(key => localStorage.removeItem(key))"""


def put(page, section: str, name: str, entry: dict) -> bool:
    return page.evaluate("([s, n, e]) => llmcourseStore.put(s, n, e)", [section, name, entry])


def get(page, section: str, name: str) -> dict | None:
    return page.evaluate("([s, n]) => llmcourseStore.get(s, n) ?? null", [section, name])


def take_in(page, value: object) -> dict:
    text = value if isinstance(value, str) else json.dumps(value)
    return page.evaluate("text => llmcourseStore.importText(text)", text)


def refusal(page, text: str) -> str:
    """What the reader is told; fails if the text is taken."""
    return page.evaluate("text => { try { llmcourseStore.importText(text); } catch (e) { return e.message; } }", text)


def exported(page) -> dict:
    return json.loads(page.evaluate("llmcourseStore.exportText()"))


def in_storage(page, key: str = KEY) -> str | None:
    return page.evaluate("key => localStorage.getItem(key)", key)


def notices(page) -> list[str]:
    page.wait_for_timeout(80)  # the text follows after the empty region
    return page.locator(".lc-notice [role=status]").all_inner_texts()


# ---- keeping -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["http", "file"])
def test_what_is_put_is_there_after_a_reload_and_in_the_format(open_page, how):
    page = open_page("", how=how)
    assert get(page, "pages", "4.3") is None
    assert put(page, "pages", "4.3", READ) is True
    assert put(page, "quiz", "4.3-q1", {"answered": READ["read"], "tries": 1, "answer": [1, 2]}) is True
    page.reload()
    assert get(page, "pages", "4.3") == READ
    assert page.evaluate("llmcourseStore.all('pages')") == {"4.3": READ}
    assert page.evaluate("llmcourseStore.status") == "ok"
    assert json.loads(in_storage(page)) == exported(page) == {
        **EMPTY, "pages": {"4.3": READ}, "quiz": {"4.3-q1": {"answered": READ["read"], "tries": 1, "answer": [1, 2]}}
    }  # fmt: skip
    assert page.evaluate("llmcourseStore.remove('pages', '4.3') && llmcourseStore.remove('pages', 'never')") is True
    page.reload()
    assert get(page, "pages", "4.3") is None
    assert notices(page) == []


def test_an_entry_that_was_read_is_a_copy(open_page):
    page = open_page("")
    put(page, "pages", "4.3", READ)
    page.evaluate("llmcourseStore.get('pages', '4.3').read = 'x'; llmcourseStore.all('pages')['4.3'].read = 'x'")
    assert get(page, "pages", "4.3") == READ


@pytest.mark.parametrize(("section", "entry", "field"), WRONG)
def test_what_no_file_may_hold_cannot_be_put_either(open_page, section, entry, field):
    page = open_page("")
    reason = f"the entry 1.1 in “{section}” has no valid “{field}”"
    with pytest.raises(Exception, match=reason):
        put(page, section, "1.1", entry)
    assert reason in refusal(page, json.dumps({**EMPTY, section: {"1.1": entry}}))
    assert exported(page) == EMPTY
    assert in_storage(page) is None


@pytest.mark.parametrize("section", ["__proto__", "constructor", "notes"])
def test_a_section_that_does_not_exist_has_nothing_and_takes_nothing(open_page, section):
    page = open_page("")
    with pytest.raises(Exception, match="there is no section"):
        put(page, section, "1.1", READ)
    assert get(page, section, "1.1") is None
    assert page.evaluate("section => llmcourseStore.all(section)", section) == {}
    assert page.evaluate("section => llmcourseStore.remove(section, '1.1')", section) is True


# ---- export, wipe, import --------------------------------------------------------------------------------------------


def test_export_wipe_import_is_the_identity_for_any_record(open_page, rng):
    page = open_page("")
    for _ in range(40):
        value = random_record(rng)
        sizes = sum(len(value[name]) for name in ("pages", "exercises", "quiz", "cards"))
        assert take_in(page, value) == {"added": sizes, "updated": 0, "kept": 0}
        text = page.evaluate("llmcourseStore.exportText()")
        assert json.loads(text) == value
        assert page.evaluate("llmcourseStore.wipe()") is True
        assert exported(page) == EMPTY
        assert in_storage(page) is None
        take_in(page, text)
        assert page.evaluate("llmcourseStore.exportText()") == text
        assert take_in(page, text) == {"added": 0, "updated": 0, "kept": sizes}
        page.evaluate("llmcourseStore.wipe()")


def test_of_two_entries_the_later_one_stays_whichever_is_imported(open_page, rng):
    page = open_page("")
    for _ in range(20):
        one, other = random_record(rng), random_record(rng)
        both = []
        for first, second in ((one, other), (other, one)):
            page.evaluate("llmcourseStore.wipe()")
            take_in(page, first)
            counts = take_in(page, second)
            assert sum(counts.values()) == sum(len(second[name]) for name in ("pages", "exercises", "quiz", "cards"))
            both.append(exported(page))
        assert both[0] == both[1]
        for section, when in WHEN.items():
            for name in {*one[section], *other[section]}:
                there = [value[section][name] for value in (one, other) if name in value[section]]
                assert both[0][section][name] == max(there, key=lambda entry: np.datetime64(entry[when][:-1]))


def test_import_counts_what_it_did_and_time_zones_are_understood(open_page):
    page = open_page("")
    take_in(page, {**EMPTY, "pages": {"1.1": READ, "1.2": LATER, "1.3": READ}})
    east = {"read": "2026-11-01T09:30:00+02:00"}  # half an hour before READ, though the text is later
    new = {**EMPTY, "pages": {"1.1": LATER, "1.2": READ, "1.3": east, "9.9": READ}}
    assert take_in(page, new) == {"added": 1, "updated": 1, "kept": 2}
    assert exported(page)["pages"] == {"1.1": LATER, "1.2": LATER, "1.3": READ, "9.9": READ}
    assert take_in(page, "\ufeff" + json.dumps({"format": KEY, "version": 1})) == {"added": 0, "updated": 0, "kept": 0}


@pytest.mark.parametrize(("content", "reason"), REFUSED.items(), ids=[reason[:30] for reason in REFUSED.values()])
def test_a_foreign_damaged_or_newer_file_is_refused_with_a_sentence_and_nothing_is_lost(open_page, content, reason):
    page = open_page("")
    put(page, "pages", "4.3", READ)
    before = in_storage(page)
    said = refusal(page, content)
    assert said.startswith(f"This file was not imported: {reason}")
    assert said.endswith(". Nothing has changed.")
    assert in_storage(page) == before
    assert page.evaluate("llmcourseStore.status") == "ok"
    assert notices(page) == []


@pytest.mark.parametrize("make", ["'x'.repeat(4_000_001)", "`{\"a\": ${'['.repeat(500_000)}${']'.repeat(500_000)}}`"])
def test_a_huge_or_endlessly_nested_file_is_refused(open_page, make):
    page = open_page("")
    put(page, "pages", "4.3", READ)
    said = page.evaluate(
        f"(() => {{ try {{ llmcourseStore.importText({make}); }} catch (e) {{ return e.message; }} }})()"
    )
    assert said.startswith("This file was not imported: it is ")
    assert exported(page) == {**EMPTY, "pages": {"4.3": READ}}


# ---- when the browser does not play along ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{not json", "could not be read. It was set aside, not deleted"),
        (json.dumps({**EMPTY, "pages": {"1.1": {"read": 3}}}), "could not be read"),
        (json.dumps({**EMPTY, "version": 7}), "written by a newer version of this course. It was set aside"),
    ],
)
def test_a_damaged_record_is_set_aside_and_the_reader_is_told(open_page, text, words):
    page = open_page("")
    for round_, damaged in enumerate((text, text, text + " ")):  # the same one is not kept twice
        page.evaluate("([key, text]) => localStorage.setItem(key, text)", [KEY, damaged])
        page.reload()
        assert page.evaluate("llmcourseStore.status") == "damaged"
        assert put(page, "pages", "1.1", READ) is True
        assert len(notices(page)) == 1
        assert words in notices(page)[0]
        assert page.evaluate("llmcourseStore.unreadable()") == [text, text + " "][: 1 + (round_ == 2)]
    page.reload()
    assert get(page, "pages", "1.1") == READ
    assert page.evaluate("llmcourseStore.status") == "ok"
    assert notices(page) == []
    assert page.evaluate("llmcourseStore.wipe()") is True
    assert page.evaluate("localStorage.length") == 0


def test_a_damaged_record_with_no_room_to_set_it_aside_is_left_alone(open_page):
    page = open_page("")
    page.evaluate("key => localStorage.setItem(key, '{' + 'x'.repeat(3_000_000))", KEY)
    page.evaluate(FULL)
    page.reload()
    assert page.evaluate("llmcourseStore.status") == "damaged"
    assert put(page, "pages", "1.1", READ) is False
    assert get(page, "pages", "1.1") == READ
    assert "It is left as it is" in notices(page)[0]
    assert len(in_storage(page)) == 3_000_001
    assert page.evaluate("llmcourseStore.unreadable()[0].length") == 3_000_001
    with pytest.raises(Exception, match="Nothing has changed"):
        take_in(page, EMPTY)


def test_a_full_storage_keeps_values_in_memory_with_one_notice(open_page):
    page = open_page("")
    put(page, "pages", "1.1", READ)
    before = in_storage(page)
    page.evaluate(FULL)
    assert put(page, "pages", "1.2", {**READ, "note": "x" * 5000}) is False
    assert put(page, "exercises", "1.2.a", {"passed": READ["read"], "note": "x" * 5000}) is False
    assert page.evaluate("llmcourseStore.status") == "full"
    assert get(page, "pages", "1.2")["read"] == READ["read"]
    assert set(exported(page)["pages"]) == {"1.1", "1.2"}
    assert in_storage(page) == before
    assert len(notices(page)) == 1
    assert "storage is full" in notices(page)[0]
    said = refusal(page, json.dumps({**EMPTY, "pages": {"9.9": {**READ, "note": "x" * 5000}}}))
    assert said == "This file was not imported: the browser’s storage is full. Nothing has changed."
    assert get(page, "pages", "9.9") is None
    page.evaluate(
        "Object.keys(localStorage).filter(k => k.startsWith('filler')).forEach(k => localStorage.removeItem(k))"
    )
    assert put(page, "pages", "1.3", READ) is True
    assert page.evaluate("llmcourseStore.status") == "ok"
    page.reload()
    assert set(exported(page)["pages"]) == {"1.1", "1.2", "1.3"}  # what had waited in memory is kept too
    assert "1.2.a" in exported(page)["exercises"]


def test_a_blocked_storage_keeps_values_in_memory_with_one_notice(open_page):
    page = open_page("")
    page.context.add_init_script(BLOCKED)
    page.reload()
    assert page.evaluate("llmcourseStore.status") == "blocked"
    assert notices(page) == []  # nothing has been asked of it yet
    assert put(page, "pages", "1.1", READ) is False
    assert put(page, "pages", "1.2", READ) is False
    assert page.evaluate("llmcourseStore.remove('pages', '1.2')") is False
    assert exported(page)["pages"] == {"1.1": READ}
    assert len(notices(page)) == 1
    assert "lets the page keep nothing" in notices(page)[0]
    assert refusal(page, json.dumps(EMPTY)).endswith("this browser lets the page keep nothing. Nothing has changed.")
    assert page.evaluate("llmcourseStore.unreadable()") == []
    assert page.evaluate("llmcourseStore.wipe()") is False
    assert exported(page) == EMPTY


def test_the_notice_is_read_by_axe_and_closed_by_its_button(open_page):
    page = open_page("")
    page.context.add_init_script(BLOCKED)
    page.reload()
    put(page, "pages", "1.1", READ)
    assert len(notices(page)) == 1
    assert Axe().run(page, options={"preload": False}).response["violations"] == []
    page.get_by_role("button", name="Close").press("Enter")
    assert page.locator(".lc-notice").count() == 0


# ---- listeners, tabs, widgets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["http", "file"])
def test_two_tabs_see_each_others_changes_and_undo_none(open_page, how):
    page = open_page("", how=how)
    other = page.context.new_page()
    other.goto(page.url)
    for one in (page, other):
        one.evaluate("window.heard = 0; window.stop = llmcourseStore.onChange(() => (window.heard += 1)); 0")
    put(page, "pages", "1.1", READ)
    other.wait_for_function("window.heard === 1")
    put(other, "pages", "1.2", READ)
    page.wait_for_function("window.heard === 2")  # its own and the other's
    assert exported(page) == exported(other)
    assert set(exported(page)["pages"]) == {"1.1", "1.2"}
    other.evaluate("llmcourseStore.wipe()")
    page.wait_for_function("window.heard === 3")
    assert exported(page) == EMPTY
    page.evaluate("window.stop()")
    put(page, "pages", "1.1", READ)
    assert page.evaluate("window.heard") == 3


def test_a_listener_that_fails_stops_no_other(open_page):
    page = open_page("")
    page.evaluate("void llmcourseStore.onChange(() => { throw new Error('of a listener'); })")
    page.evaluate("void llmcourseStore.onChange(() => { window.heard = true; })")
    assert put(page, "pages", "1.1", READ) is True
    assert page.evaluate("window.heard") is True
    page.wait_for_timeout(50)
    assert page.complaints == ["of a listener"]
    page.complaints.clear()


def test_python_reads_and_writes_the_same_files(open_page, rng):
    page = open_page("")
    for content, reason in REFUSED.items():
        assert refusal(page, content) == f"This file was not imported: {reason}. Nothing has changed."
        with pytest.raises(ValueError, match=re.escape(reason)):
            parse(content)
    for _ in range(20):
        record = {section: random_record(rng)[section] for section in WHEN}
        take_in(page, text(record))
        assert parse(page.evaluate("llmcourseStore.exportText()")) == record
        page.evaluate("llmcourseStore.wipe()")


def test_a_widget_on_the_site_has_the_store(open_page):
    from llmcourse.explore.entropy import EntropyExplorer

    page = open_page(EntropyExplorer([0.5, 0.5], ["a", "b"]).html())
    assert page.evaluate("document.querySelector('.lc-widget').lcModel.store === llmcourseStore") is True
