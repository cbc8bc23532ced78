"""``python -m llmcourse`` is the program ``llmcourse``."""

from llmcourse.cli import main

if __name__ == "__main__":
    main()
