"""Quizzes: the file and its lines, how a typed answer is read, grading in both languages, what is kept, the pages."""

from tests.planted import Mutant

STUDY, EXPLORE = "src/llmcourse/study", "src/llmcourse/explore"
TEXT, QUIZ, NORMAL = f"{STUDY}/text.py", f"{STUDY}/quiz.py", f"{STUDY}/normal.py"
ANSWERS, QUESTION, INPUTS = f"{EXPLORE}/answers.js", f"{EXPLORE}/quiz_question.js", f"{EXPLORE}/quiz_inputs.js"
UNIT, WIDGET = "tests/unit/study", "tests/site/test_widget_quiz.py"

MUTANTS = (
    # files
    Mutant(TEXT, '{"html": False, "typographer"', '{"html": True, "typographer"', f"{UNIT}/test_text.py"),
    Mutant(TEXT, "html.escape(tex)", "tex", f"{UNIT}/test_text.py"),
    Mutant(QUIZ, "if is_within(wrong, value, tolerance):", "if wrong == value:", f"{UNIT}/test_quiz.py"),
    Mutant(QUIZ, "if right in (0, len(found)):", "if right == 0:", f"{UNIT}/test_quiz.py"),
    Mutant(f"{STUDY}/fields.py", "isinstance(value, bool) and kind is not bool", "False", f"{UNIT}/test_quiz.py"),
    Mutant(
        "chapters/04_attention/quiz.yml",
        "value: 0.941",
        "value: 0.943",
        "tests/chapters/test_quiz.py -k numbers_are_what",
    ),
    Mutant(
        "chapters/01_mathematical_intuition/quiz.yml",
        "value: 30.2655",
        "value: 32.2655",
        "tests/chapters/test_quiz.py -k numbers_are_what",
    ),
    # answers
    Mutant(NORMAL, "tolerance + 1e-9 * abs(target)", "tolerance", f"{UNIT}/test_grading.py"),
    Mutant(NORMAL, "[0-9]{3}(?![0-9])", "[0-9]{3}", f"{UNIT}/test_normal.py"),
    Mutant(f"{STUDY}/grading.py", "(min(made)[1],)", "(made[0][1],)", f"{UNIT}/test_grading.py"),
    Mutant(ANSWERS, "distance < nearest", "distance <= nearest || true", f"{WIDGET} -k graded_as_in"),
    Mutant(ANSWERS, 'replace(/\\p{M}/gu, "")', 'replace(/\\p{M}/gu, " ")', f"{WIDGET} -k words_are_read"),
    Mutant(ANSWERS, "if (found[4]) value /= 100;", "", f"{WIDGET} -k numbers_are_read"),
    # what is kept, and what is told
    Mutant(QUESTION, "right: Boolean(old.right || right)", "right", f"{WIDGET} -k remembered_for_good"),
    Mutant(QUESTION, "first: right, right: false", "first: true, right: false", f"{WIDGET} -k told_apart"),
    Mutant(QUESTION, "if (!result) return say", "if (false) return say", f"{WIDGET} -k no_try"),
    Mutant(QUESTION, "close();\n    inputs.focus();", "close();\n    inputs.set(null);\n    inputs.focus();",
           f"{WIDGET} -k keeps_it"),
    Mutant(QUESTION, 'toggle("lc-main", !result.right)', 'toggle("lc-main", true)', f"{WIDGET} -k button_is_quiet"),
    Mutant(QUESTION, "verdict(question, given, result, entry.right)", "verdict(question, given, result)",
           f"{WIDGET} -k from_what_is_kept"),
    Mutant(f"{EXPLORE}/quiz_verdict.js", "if (!result || result.right) return", "if (entry) return",
           f"{WIDGET} -k from_what_is_kept"),
    Mutant(f"{EXPLORE}/quiz.css", ".lc-latest { color: var(--soft); }", ".lc-latest { color: inherit; }",
           f"{WIDGET} -k from_what_is_kept"),
    Mutant(f"{EXPLORE}/quiz.js", "store.remove(SECTION, id)", "store.get(SECTION, id)", f"{WIDGET} -k starting_over"),
    Mutant(INPUTS, "held.focus()", "held.blur()", f"{WIDGET} -k keys_alone"),
    Mutant(f"{EXPLORE}/typeset.js", "typesetPromise([node])", "typesetPromise([])", f"{WIDGET} -k formulas_are"),
    Mutant(f"{EXPLORE}/quiz.css", "li > div, p):has(math)", "li, p):has(math)", f"{WIDGET} -k keep_their_numbers"),
    # the form without scripts
    Mutant(f"{EXPLORE}/quiz_markup.py", 'question_state(question, "mathml")', "question_state(question, math)",
           "tests/unit/explore/test_quiz.py"),
    Mutant(f"{EXPLORE}/quiz_markup.py", "order[0] == 0", "order[0] != 0", "tests/unit/explore/test_quiz.py"),
)  # fmt: skip
