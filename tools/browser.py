"""Find a Chromium for the browser tests, or install one: ``python tools/browser.py [--install]``."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

LAUNCH_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
ON_PATH = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
ADVICE = """No Chromium was found. Do one of these:
  - install Chromium or Google Chrome the usual way (Debian, Ubuntu: sudo apt-get install chromium);
  - run: python -m playwright install chromium
  - set LLMCOURSE_CHROMIUM to the browser's program."""


def standard_places() -> list[Path]:
    """Where macOS and Windows put the browser."""
    applications = [Path("/Applications"), Path.home() / "Applications"]
    mac = [root / f"{app}.app/Contents/MacOS/{app}" for root in applications for app in ("Chromium", "Google Chrome")]
    roots = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    folders = ("Google/Chrome", "Chromium")
    windows = [Path(root, folder, "Application/chrome.exe") for root in roots if root for folder in folders]
    return mac + windows


def playwrights_own() -> Path | None:
    """The browser that ``playwright install`` downloaded, if it is there."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.is_file() else None


def find_chromium() -> Path | None:
    """A browser's program: LLMCOURSE_CHROMIUM, one on the path, a standard place, playwright's own; else None.

    Raises:  FileNotFoundError if LLMCOURSE_CHROMIUM names something that is not there.
    """
    if chosen := os.environ.get("LLMCOURSE_CHROMIUM"):
        if not Path(chosen).is_file():
            raise FileNotFoundError(f"LLMCOURSE_CHROMIUM names {chosen}, which is not a file")
        return Path(chosen)
    for name in ON_PATH:
        if found := shutil.which(name):
            return Path(found)
    return next((place for place in standard_places() if place.is_file()), None) or playwrights_own()


def install() -> bool:
    """Try the system's package, then playwright's download; True if a browser is there afterwards."""
    for commands in filter(None, [apt_commands(), [[sys.executable, "-m", "playwright", "install", "chromium"]]]):
        for command in commands:
            print("$", " ".join(command), flush=True)
            if subprocess.run(command, check=False).returncode:
                break
        if find_chromium():
            return True
    return False


def apt_commands() -> list[list[str]]:
    """The commands that install Debian's package, or none if this is not Debian or there is no right to do so."""
    if not sys.platform.startswith("linux") or not shutil.which("apt-get"):
        return []
    sudo: list[str] = []
    if os.geteuid() != 0:
        passwordless = (
            shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
        )
        if not passwordless:
            return []
        sudo = ["sudo", "-n"]
    return [[*sudo, "apt-get", "update"], [*sudo, "apt-get", "install", "-y", "--no-install-recommends", "chromium"]]


def main() -> int:
    """Print the path of the browser; with --install, get one first if there is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="install a Chromium if none is found")
    arguments = parser.parse_args()
    try:
        found = find_chromium()
        if not found and arguments.install and install():
            found = find_chromium()
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    print(found or ADVICE, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
