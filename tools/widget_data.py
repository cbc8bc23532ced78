"""Write book/assets/data/*.js: the texts that widgets load on the site, as scripts. Run again when a text changes."""

from pathlib import Path

from llmcourse.explore.bundle import data_script
from llmcourse.explore.next_token import ASSETS, asset_text

FOLDER = Path(__file__).parents[1] / "book/assets/data"


def main() -> None:
    """One classic script per text."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for asset in ASSETS:
        path = FOLDER / f"{asset}.js"
        path.write_text(data_script(asset, asset_text(asset)), encoding="utf-8", newline="\n")
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
