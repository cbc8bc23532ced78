"""The learning tree: a need passed over, a circle missed, a path that forgets what is read, a panel over a page."""

from tests.planted import Mutant

STUDY, EXPLORE = "src/llmcourse/study", "src/llmcourse/explore"
COURSE, NEEDS = "tests/unit/study/test_course.py", "tests/unit/study/test_prerequisites.py"
TREE, LAYOUT = "tests/oracles/test_learning_tree_networkx.py", "tests/unit/study/test_layout.py"
COVERAGE, LLMS = "tests/unit/study/test_coverage.py", "tests/unit/study/test_llms.py"
PICTURE, VIEW = "tests/unit/explore/test_learning_tree.py", "tests/site/test_widget_learning_tree.py"
TOOL = "tests/unit/test_notebooks_tool.py"

MUTANTS = (
    Mutant(f"{STUDY}/course.py", "if not metadata and identity in planning:", "if identity in planning:", COURSE),
    Mutant(f"{STUDY}/course.py", "or isinstance(minutes, bool)", "", COURSE),
    Mutant(f"{STUDY}/course.py", "key=lambda page: place_in_book(page.id))", "key=lambda page: page.id)", COURSE),
    Mutant(f"{STUDY}/tree.py", "[*trail[trail.index(node) :], node]", "[*trail, node]", TREE),
    Mutant(
        f"{STUDY}/tree.py", "if identity not in found and identity not in known:", "if identity not in found:", TREE
    ),
    Mutant(f"{STUDY}/tree.py", "max((layer(need) + 1", "min((layer(need) + 1", TREE),
    Mutant(f"{STUDY}/tree.py", "have.issuperset(page.needs)", "have.intersection(page.needs)", TREE),
    Mutant(f"{STUDY}/prerequisites.py", "place_in_book(need) >= place_in_book(page.id)", "need >= page.id", NEEDS),
    Mutant(f"{STUDY}/prerequisites.py", "elif known[need].is_planned and not page.is_planned:", "elif False:", NEEDS),
    Mutant(f"{STUDY}/prerequisites.py", "target not in before and target not in", "target not in", NEEDS),
    Mutant(f"{STUDY}/page_text.py", "posixpath.normpath(posixpath.join(folder, target))", "target", NEEDS),
    Mutant(f"{STUDY}/page_text.py", "_FOLDED.isdisjoint(", "not _FOLDED.issuperset(", NEEDS),
    Mutant(f"{STUDY}/layout.py", "for is_planned in (False, True):", "for is_planned in (True, False):", LAYOUT),
    Mutant(f"{STUDY}/layout.py", "toward = needs if down else readers", "toward = readers if down else needs", LAYOUT),
    Mutant(f"{STUDY}/layout.py", "return gap(top) * gap(bottom) < 0", "return gap(top) * gap(bottom) <= 0", LAYOUT),
    Mutant(f"{STUDY}/coverage.py", 'if page.id != "0" or topic == "summary":', "if True:", COVERAGE),
    Mutant(f"{STUDY}/coverage.py", '"planned" if self.planned else "gap"', '"planned"', COVERAGE),
    Mutant(f"{STUDY}/llms.py", '"> {one_line(summary)}"', '"{one_line(summary)}"', LLMS),
    Mutant("tools/notebooks.py", "            **kept,\n", "", TOOL),
    Mutant("tools/notebooks.py", 'if target.exists() and "course" not in notebook.metadata:', "if False:", TOOL),
    Mutant(f"{EXPLORE}/learning_tree_picture.py", "<= on_way else", "& on_way else", PICTURE),
    Mutant(f"{EXPLORE}/learning_graph.js", "known.has(id) || unread.has(id)", "unread.has(id)", f"{VIEW} -k random"),
    Mutant(f"{EXPLORE}/learning_graph.js", 'page.planned ? "planned" : open', "open", f"{VIEW} -k random"),
    Mutant(f"{EXPLORE}/learning_graph.js", "here.row + down", "here.row + 2 * down", f"{VIEW} -k arrow"),
    Mutant(f"{EXPLORE}/learning_tree.js", "store.onChange(draw)", "(() => {})", f"{VIEW} -k elsewhere"),
    Mutant(f"{EXPLORE}/learning_tree.js", 'store.remove("pages", id)', "false", f"{VIEW} -k record"),
    Mutant(f"{EXPLORE}/learning_tree.css", "calc(var(--cover, 0px) + 12px)", "12px", f"{VIEW} -k under_the_panel"),
    Mutant(
        f"{EXPLORE}/learning_tree.js",
        'pictures.get(model.get("show_planned")).reveal(id);',
        "",
        f"{VIEW} -k at_the_lower_edge",
    ),
    Mutant(f"{EXPLORE}/learning_tree.js", "    address.keep(goal);\n", "", f"{VIEW} -k address_keeps"),
    Mutant(f"{EXPLORE}/learning_graph.js", "  take();\n", "", f"{VIEW} -k address_keeps"),
    Mutant(f"{EXPLORE}/learning_graph.js", "if (near) share", "if (false) share", f"{VIEW} -k no_line_runs"),
    Mutant(f"{EXPLORE}/learning_graph.js", 'all ? "at" : "alone"', '"at"', f"{VIEW} -k starts_with"),
    Mutant(f"{EXPLORE}/learning_tree_picture.py", "if near:", "if False:", PICTURE),
    Mutant(f"{EXPLORE}/learning_tree_picture.py", "in shown_pages(state) if", 'in state["pages"] if', PICTURE),
    Mutant(f"{EXPLORE}/learning_tree_state.py", '"show_planned": False', '"show_planned": True', PICTURE),
    Mutant(
        f"{EXPLORE}/learning_tree.css", ".lc-dense .lc-title { position", ".lc-title { position", f"{VIEW} -k title"
    ),
)
