"""The record of passed exercises on this machine: its format, its file, its switch, and what a check adds to it."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import IPython
import pytest
from typer.testing import CliRunner

from llmcourse.cli import app
from llmcourse.exercises import softmax
from llmcourse.study import record
from llmcourse.study.record_format import LARGEST, parse, text
from tests.record_files import EMPTY, READ, REFUSED, WHEN, WRONG, random_record

MOMENT = datetime(2026, 11, 1, 10, 0, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """A machine of its own for each test; its file does not exist yet."""
    path = tmp_path / "data" / "progress.json"
    monkeypatch.setenv("LLMCOURSE_PROGRESS", str(path))
    return path


@pytest.fixture
def attended(monkeypatch):
    """As in a notebook with somebody at the keyboard."""
    monkeypatch.setattr(record, "is_attended", lambda: True)


def passes() -> dict:
    return parse(record.here())["exercises"]


# ---- the format ---------------------------------------------------------------------------------------------------


def test_writing_and_reading_any_record_changes_nothing(rng):
    for _ in range(50):
        sections = {name: random_record(rng)[name] for name in WHEN}
        content = text(sections)
        assert parse(content) == sections
        assert text(parse(content)) == content
        assert parse("\ufeff" + content) == sections


def test_a_missing_section_is_an_empty_one():
    assert parse('{"format": "llmcourse-progress", "version": 1}') == {name: {} for name in WHEN}
    assert json.loads(text({})) == EMPTY


@pytest.mark.parametrize(("content", "reason"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_is_no_record_is_refused_with_the_reason(content, reason):
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        parse(content)


@pytest.mark.parametrize(("section", "entry", "field"), WRONG)
def test_a_wrong_entry_is_refused_with_its_name_and_field(section, entry, field):
    reason = f"the entry 4.3 in “{section}” has no valid “{field}”"
    with pytest.raises(ValueError, match=reason):
        parse(json.dumps({**EMPTY, section: {"4.3": entry}}))


def test_huge_and_endlessly_nested_texts_are_refused():
    with pytest.raises(ValueError, match="larger than four million characters"):
        parse(" " * (LARGEST + 1))
    with pytest.raises(ValueError, match="it is not JSON"):
        parse('{"a": ' + "[" * 200_000 + "]" * 200_000 + "}")


# ---- the file -----------------------------------------------------------------------------------------------------


def test_a_pass_is_noted_once_in_universal_time(machine):
    record.note("4.3.e", MOMENT)
    assert passes() == {"4.3.e": {"passed": "2026-11-01T08:00:00.000Z"}}
    record.note("4.3.e", MOMENT + timedelta(days=1))
    record.note("1.1.a (ii)")
    assert passes()["4.3.e"] == {"passed": "2026-11-01T08:00:00.000Z"}
    now = datetime.fromisoformat(passes()["1.1.a (ii)"]["passed"])
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
    assert [path.name for path in machine.parent.iterdir()] == ["progress.json"]  # no half-written file is left


def test_other_sections_of_the_file_stay(machine, rng):
    value = random_record(rng)
    machine.parent.mkdir()
    machine.write_text(json.dumps(value), encoding="utf-8")
    record.note("99.9.z", MOMENT)
    after = json.loads(machine.read_text(encoding="utf-8"))
    assert after.pop("exercises") == {**value.pop("exercises"), "99.9.z": {"passed": "2026-11-01T08:00:00.000Z"}}
    assert after == value


@pytest.mark.parametrize("content", ["torn {", json.dumps({**EMPTY, "version": 2})])
def test_a_file_that_cannot_be_read_is_left_as_it_is(machine, attended, content):
    machine.parent.mkdir()
    machine.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(f"{machine} is no record of progress: it ")):
        record.note("4.3.e")
    with pytest.warns(UserWarning, match=r"The pass of 4\.3\.a was not written down: .* Mend it, or move it away\."):
        assert softmax.temperature_for_odds.check(2.0).passed
    assert machine.read_text(encoding="utf-8") == content


def test_a_place_that_is_no_folder_costs_a_warning_and_not_the_check(machine, attended):
    machine.parent.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.warns(UserWarning, match=r"The pass of 4\.3\.a was not written down"):
        assert softmax.temperature_for_odds.check(2.0).passed


def test_the_usual_place_is_the_users_data_folder(monkeypatch):
    monkeypatch.delenv("LLMCOURSE_PROGRESS")
    assert record.file().parts[-2:] == ("llmcourse", "progress.json")
    monkeypatch.setenv("LLMCOURSE_PROGRESS", "off")
    assert record.file().parts[-2:] == ("llmcourse", "progress.json")
    assert not record.is_kept()


# ---- who passed ---------------------------------------------------------------------------------------------------


def test_a_pass_in_a_script_or_a_test_is_not_kept(machine):
    assert softmax.temperature_for_odds.check(2.0).passed
    assert not machine.exists()


def test_a_person_who_passes_is_kept_and_one_who_does_not_is_not(attended):
    def stable_softmax(z, tau):
        return softmax.stable_softmax.answer(z, tau)

    assert not softmax.temperature_for_odds.check(3.0).passed
    assert not softmax.stable_softmax.check(...).passed
    assert passes() == {}
    assert softmax.temperature_for_odds.check(2.0).passed
    assert softmax.stable_softmax.check(stable_softmax).passed
    assert set(passes()) == {"4.3.a", "4.3.d"}


def test_the_pages_own_solution_is_not_kept(attended):
    def stable_softmax_solution(z, tau):
        return softmax.stable_softmax.answer(z, tau)

    assert softmax.stable_softmax.check(stable_softmax_solution).passed
    assert passes() == {}


def test_whoever_switches_it_off_is_not_kept_until_it_is_on_again(attended, machine, monkeypatch):
    record.switch(False)
    softmax.temperature_for_odds.check(2.0)
    assert not machine.exists()
    record.switch(True)
    with monkeypatch.context() as patch:
        patch.setenv("LLMCOURSE_PROGRESS", "off")
        patch.setattr(record, "file", lambda: machine)
        softmax.temperature_for_odds.check(2.0)
    assert not machine.exists()
    softmax.temperature_for_odds.check(2.0)
    assert set(passes()) == {"4.3.a"}


class Shell:
    """What IPython hands out in a kernel."""

    def __init__(self, header: object) -> None:
        self.parent_header = header


@pytest.mark.parametrize(
    ("header", "is_person"),
    [
        ({"content": {"allow_stdin": True}}, True),
        ({"content": {"allow_stdin": False}}, False),
        ({"content": {}}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_person_is_who_can_be_asked(monkeypatch, header, is_person):
    monkeypatch.setattr(IPython, "get_ipython", lambda: Shell(header))
    assert record.is_attended() is is_person


# ---- the command line ---------------------------------------------------------------------------------------------


def call(*arguments, **options):
    return CliRunner().invoke(app, ["progress", *map(str, arguments)], **options)


def test_the_command_shows_the_passes_page_by_page_in_the_order_of_the_book(machine):
    assert call().stdout.splitlines()[0] == f"0 passed in notebooks on this machine, in {machine}"
    for name in ("10.2.b", "4.3.e", "1.2.e, the loop", "4.3.a", "something else"):
        record.note(name, MOMENT)
    lines = call().stdout.splitlines()
    assert lines[0].startswith("5 passed")
    assert [" ".join(line.split("(")[0].split()) for line in lines[1:5]] == [
        "1.2 e, the loop", "4.3 a, e", "10.2 b", "other something else",
    ]  # fmt: skip
    assert all("last: 2026-11-01" in line for line in lines[1:5])
    assert "--export FILE" in lines[5]


def test_the_command_exports_what_the_site_imports(tmp_path):
    record.note("4.3.e", MOMENT)
    out = tmp_path / "passed.json"
    assert call("--export", out).stdout == f"1 passed exercises written to {out}\n"
    assert parse(out.read_text(encoding="utf-8"))["exercises"] == {"4.3.e": {"passed": "2026-11-01T08:00:00.000Z"}}
    assert call("--export", tmp_path / "nowhere" / "passed.json").exit_code == 1


def test_the_command_switches_and_forgets_after_a_question(machine, monkeypatch):
    record.note("4.3.e")
    assert "--on" in call("--off").stdout
    assert not record.is_kept()
    assert "--export" in call("--on").stdout
    assert record.is_kept()
    call("--forget", input="n\n")
    assert set(passes()) == {"4.3.e"}
    assert "0 passed" in call("--forget", input="y\n").stdout
    assert not machine.exists()
    monkeypatch.setenv("LLMCOURSE_PROGRESS", "off")
    monkeypatch.setattr(record, "file", lambda: machine)
    assert "LLMCOURSE_PROGRESS is off" in call().stdout


def test_a_damaged_record_is_one_line_that_names_the_file(machine):
    machine.parent.mkdir()
    machine.write_text(json.dumps({**EMPTY, "pages": {"1.1": {**READ, "read": 1}}}), encoding="utf-8")
    result = call()
    assert result.exit_code == 1
    assert result.stderr.startswith(f"llmcourse progress: {machine} is no record of progress: the entry 1.1")
