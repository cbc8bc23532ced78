"""Plant the deliberate bugs of tests/planted, one at a time, in a copy of the project: the tests must kill each one.

    make mutants                        all of them
    python tests/mutants.py softmax     those whose file or number contains the word

A mutant that survives is a hole in the tests: the run ends with exit code 1 and names it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.planted import Mutant, all_mutants  # noqa: E402 (after the path is set: this file runs as a script)


def copy_of_the_project(folder: Path) -> None:
    """The files that git tracks or would track, at their present state."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    if (ROOT / "_build").exists():
        (folder / "_build").symlink_to(ROOT / "_build", target_is_directory=True)


def run(tests: str, folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", *tests.split()]
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def fate(mutant: Mutant) -> str:
    """killed, SURVIVED, or what is wrong with the mutant itself."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_of_the_project(folder)
        path = folder / mutant.file
        source = path.read_text(encoding="utf-8")
        if source.count(mutant.old) != 1:
            return f"STALE: the old text stands there {source.count(mutant.old)} times"
        path.write_text(source.replace(mutant.old, mutant.new), encoding="utf-8")
        return {0: "SURVIVED", 1: "killed"}.get(run(mutant.tests, folder).returncode, "killed (at import)")


def main(words: list[str]) -> int:
    chosen = [m for i, m in enumerate(all_mutants(), 1) if not words or any(word in f"{i} {m.file}" for word in words)]
    with tempfile.TemporaryDirectory() as name:
        copy_of_the_project(Path(name))
        for tests in sorted({mutant.tests for mutant in chosen}):
            untouched = run(tests, Path(name))
            if untouched.returncode:
                print(untouched.stdout[-3000:], f"{tests} fails without any mutant, so it cannot tell one.", sep="\n")
                return 1
    failed = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        for number, (mutant, result) in enumerate(zip(chosen, pool.map(fate, chosen), strict=True), 1):
            failed += not result.startswith("killed")
            print(
                f"[{number}/{len(chosen)}] {result:9} {mutant.file}: {mutant.old.strip()} -> {mutant.new.strip()}",
                flush=True,
            )
    print(f"{len(chosen) - failed} of {len(chosen)} killed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
