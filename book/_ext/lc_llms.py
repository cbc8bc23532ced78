"""llms.txt beside the site's first page: every page with what it is, and the text that it was made from."""

from pathlib import Path

import yaml
from sphinx.application import Sphinx

from lc_meta import description, site_url
from lc_package import ROOT, pure_module

DETAILS = (
    "Each page of a chapter is a notebook that has been run: story, worked number, derivation, code, experiment, "
    "exercises. Its source is the notebook (JSON, with its outputs); that of other pages is Markdown."
)


def parts() -> dict[str, list[str]]:
    """The pages of ``_toc.yml`` under the caption of their part; the first page stands with the first part."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = pure_module("llmcourse.study.course").files
    found = {part["caption"]: files(part["chapters"]) for part in contents["parts"]}
    first = next(iter(found))
    return found | {first: [contents["root"], *found[first]]}


def write(app: Sphinx, error: Exception | None) -> None:
    """Write llms.txt with addresses from the site's root, or whole ones where the site's own is known."""
    if error or app.builder.format != "html":
        return
    llms, course = pure_module("llmcourse.study.llms"), pure_module("llmcourse.study.course")

    def link(name: str) -> object:
        title = app.env.titles[name].astext()
        identity = course.page_id(name)
        return llms.Link(
            name=f"{identity} {title}" if identity not in (None, "0") else title,
            address=f"{site_url()}{app.builder.get_target_uri(name)}",
            about=description(app.env.get_doctree(name), app.config.lc_description),
            source=f"{site_url()}_sources/{Path(app.env.doc2path(name)).relative_to(app.srcdir).as_posix()}",
        )

    built = {  # a build of a few pages lists those
        caption: [name for name in names if name in app.env.titles] for caption, names in parts().items()
    }
    sections = {
        "Optional" if caption == "Reference" else caption: list(map(link, names))
        for caption, names in built.items()
        if names
    }
    text = llms.llms_text(app.config.html_title, app.config.lc_description, DETAILS, sections)
    Path(app.outdir, "llms.txt").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
