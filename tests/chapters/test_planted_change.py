"""A stored output cannot lie: change the package, and re-running a page must fail."""

import os
import shutil
import subprocess
import sys

from tests.chapters.pages import ROOT

PAGE = "chapters/01_mathematical_intuition/03_entropy.ipynb"


def test_another_log_base_makes_a_page_fail(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    module = tmp_path / "src/llmcourse/language/information.py"
    right = "return -np.log(p) / np.log(base) + 0.0"
    source = module.read_text(encoding="utf-8")
    assert source.count(right) == 1
    module.write_text(source.replace(right, "return -np.log(p) / np.log(10.0) + 0.0"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", "--nbval", PAGE]
    done = subprocess.run(
        [*command, "--nbval-sanitize-with", "tests/chapters/sanitize.cfg"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout[-3000:]
    assert "surprise" in done.stdout
