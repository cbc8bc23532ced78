"""Buttons that lead to the repository or a hosted notebook, only when LLMCOURSE_REPOSITORY names the repository."""

import os

from sphinx.application import Sphinx
from sphinx.config import Config


def repository() -> str:
    """The repository's address, or an empty text where none is named."""
    return os.environ.get("LLMCOURSE_REPOSITORY", "").rstrip("/")


def add_buttons(_app: Sphinx, config: Config) -> None:
    """Turn the buttons on for ``LLMCOURSE_REPOSITORY=https://…/owner/name`` (and LLMCOURSE_BRANCH, default main)."""
    options = config.html_theme_options
    address = repository()
    if not address:
        for name in ("repository_url", "launch_buttons", "use_repository_button", "use_issues_button"):
            options.pop(name, None)
        return
    options.update(
        repository_url=address,
        repository_branch=os.environ.get("LLMCOURSE_BRANCH", "main"),
        path_to_docs="",
        use_repository_button=True,
        use_issues_button=True,
        launch_buttons={
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        },
    )


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.connect("config-inited", add_buttons, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
