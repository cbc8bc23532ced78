"""Scripts for the ear and their recordings."""

from tests.planted import Mutant

SCRIPT = "src/llmcourse/study/script.py"
TOOL = "tools/audio.py"
PLAYER = "book/assets/js/audio.js"
RECORDED = "tests/unit/test_audio_tool.py"

MUTANTS = (
    Mutant(SCRIPT, 'block.count("\\n") + 2', 'block.count("\\n") + 1', "tests/unit/study/test_script.py"),
    Mutant(
        TOOL, "if paragraph is part.paragraphs[-1]", "if paragraph is part.paragraphs[0]", f"{RECORDED} -k marks_say"
    ),
    Mutant(TOOL, "begin = position\n", "begin = position + rate\n", f"{RECORDED} -k marks_say"),
    Mutant(TOOL, "begins[1:], strict", "begins, strict", f"{RECORDED} -k chapter_marks"),
    Mutant(
        PLAYER, "time <= sound.currentTime + 0.05", "time > sound.currentTime", "tests/site/test_audio.py -k follows"
    ),
)
