"""The reader's record, on the site and on this machine, and the report of progress."""

from tests.planted import Mutant

STORE, FORMAT = "book/assets/js/store.js", "book/assets/js/record-format.js"
EXPLORE, STUDY = "src/llmcourse/explore", "src/llmcourse/study"
SITE, REPORT, PAGES = "tests/site/test_store.py", "tests/site/test_widget_progress.py", "tests/site/test_progress.py"
RECORD, KERNEL = "tests/unit/study/test_record.py", "tests/unit/study/test_record_in_notebooks.py"

MUTANTS = (
    # the store
    Mutant(STORE, '    unsaved.clear();\n    return "ok";', '    return "ok";', f"{SITE} -k two_tabs"),
    Mutant(STORE, "        setAside(text);\n", "", f"{SITE} -k set_aside_and"),
    Mutant(STORE, '    if (stuck) return "stuck";\n', "", f"{SITE} -k no_room"),
    Mutant(STORE, "    if (text === seen) return;", "    if (seen !== null) return;", f"{SITE} -k two_tabs"),
    Mutant(STORE, "    if (told) return;\n", "", f"{SITE} -k full_storage"),
    Mutant(STORE, "if (window.llmcourseStorageBlocked)", "if (false)", f"{PAGES} -k nothing_can_be_kept"),
    # the format
    Mutant(
        FORMAT,
        "const later = present && Date.parse(entry[when]) > Date.parse(present[when]);",
        "const later = present && entry[when] > present[when];",
        f"{SITE} -k time_zones",
    ),
    Mutant(
        FORMAT,
        "if (!SECTIONS.has(section)) throw new Error(`it has",
        "if (false) throw new Error(`it has",
        f"{SITE} -k refused_with_a_sentence",
    ),
    Mutant(
        f"{STUDY}/record_format.py",
        "if version is True or version != VERSION:",
        "if version != VERSION:",
        f"{RECORD} -k is_no_record",
    ),
    # who passed, and where it is written
    Mutant(
        f"{STUDY}/record.py", '.get("allow_stdin") is True', '.get("allow_stdin") is not None', f"{KERNEL} -k a_kernel"
    ),
    Mutant(f"{STUDY}/record.py", '.endswith("_solution")', '.startswith("_solution")', f"{RECORD} -k own_solution"),
    Mutant(
        f"{STUDY}/record.py", '    if name in record["exercises"]:\n        return\n', "", f"{RECORD} -k noted_once"
    ),
    # the outline and the counts
    Mutant(
        f"{STUDY}/outline.py",
        'KINDS = ("Exercise", "Number")',
        'KINDS = ("Exercise",)',
        "tests/unit/study/test_outline.py -k modules_hold",
    ),
    Mutant(
        f"{EXPLORE}/tally.js",
        "(parts.length > 0 && parts.every(passed))",
        "parts.some(passed)",
        f"{REPORT} -k any_record",
    ),
    Mutant(f"{EXPLORE}/tally.js", "quiz.filter((one) => one.right).length", "quiz.length", f"{REPORT} -k any_record"),
    Mutant(
        f"{EXPLORE}/progress_picture.py",
        "for n, word in counts if n)",
        "for n, word in counts)",
        "tests/unit/explore/test_progress_picture.py -k has_none",
    ),
    Mutant(
        f"{EXPLORE}/progress_actions.js",
        "    dialog.showModal();",
        "    dialog.show();",
        f"{REPORT} -k safe_answer",
    ),
    # the buttons on pages
    Mutant(
        "book/assets/js/marks.js",
        "for (const name of [id, ...parts]) store.remove",
        "for (const name of [id]) store.remove",
        f"{PAGES} -k in_parts",
    ),
    Mutant(
        "book/assets/js/marks.js",
        "Boolean(whenSolved.get(id)() || store.get",
        "Boolean(store.get",
        f"{PAGES} -k parts_the_stored",
    ),
    Mutant(f"{EXPLORE}/progress.js", "pages.indexOf(last) + 1", "0", f"{PAGES} -k first_page"),
    Mutant(
        "book/assets/js/marks.js",
        "if (!(id && read[id])) tick?.remove();",
        "if (!id) tick?.remove();",
        f"{PAGES} -k keyboard",
    ),
)
