"""The base of every widget: an anywidget that also carries a static picture and its state (anywidget)."""

from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets

from llmcourse.explore.bundle import bundle, style
from llmcourse.explore.markup import Markup, widget_shell


class Numbers(traitlets.List):
    """A list of floats that also takes a NumPy vector."""

    def __init__(self, **options: Any) -> None:
        super().__init__(traitlets.Float(), **options)

    def validate(self, obj: Any, value: Any) -> Any:
        """Turn vectors, tuples and whole numbers into a list of floats."""
        if isinstance(value, np.ndarray | tuple | list):
            value = [float(x) if isinstance(x, int | float | np.number) else x for x in value]
        return super().validate(obj, value)


class Widget(anywidget.AnyWidget):
    """What widgets share. A subclass names its script, defines its traits with ``sync=True`` and draws ``picture()``.

    In a notebook it is an ordinary ipywidget: read and set its traits, ``observe`` them, ``jslink`` them. On the site
    its HTML form is mounted by host.js, which gives the same JavaScript the same state.
    """

    script: ClassVar[str]  # NAME of NAME.js
    _css = style()

    def __init_subclass__(cls, **options: Any) -> None:
        if "script" in cls.__dict__:
            cls._esm = bundle(cls.script)
        super().__init_subclass__(**options)

    def assets(self) -> dict[str, str]:
        """Traits whose value the site loads from data/ASSET.js instead of the page: {trait: asset}."""
        return {}

    def state(self) -> dict[str, Any]:
        """The widget's own traits as JSON values: what a view needs, and nothing of ipywidgets' bookkeeping."""
        names = set(type(self).class_trait_names(sync=True)) - set(anywidget.AnyWidget.class_trait_names(sync=True))
        return {name: getattr(self, name) for name in sorted(names) if not name.startswith("_")}

    def picture(self) -> Markup:
        """The widget's state as HTML without scripts, drawn from llmcourse's own numbers."""
        raise NotImplementedError

    def html(self) -> str:
        """What the site shows and host.js brings to life. The same state gives the same text."""
        assets = self.assets()
        state = {name: value for name, value in self.state().items() if name not in assets}
        return widget_shell(self.script, state, self.picture(), assets)

    def __repr__(self) -> str:
        """The class and its short traits; never an address, so that stored outputs do not change."""
        short = {k: v for k, v in self.state().items() if len(repr(v)) <= 40}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in short.items())})"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**options)  # type: ignore[misc]
        return {**data, "text/html": self.html()}, metadata


def check(condition: bool, message: str) -> None:
    """Refuse a trait value with a sentence that says what would be right."""
    if not condition:
        raise traitlets.TraitError(message)
