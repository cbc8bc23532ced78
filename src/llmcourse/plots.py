"""Figures that look alike on every page (matplotlib, plotly).

Every drawing function takes optional Axes, draws on them and returns them; none calls ``plt.show``. Colors are the
LIGHT values of ``palette``: the site exchanges them for CSS variables, so that figures follow a reader's dark theme.
"""

import html
import json

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
from cycler import cycler
from IPython import get_ipython
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from matplotlib_inline.backend_inline import set_matplotlib_formats
from plotly.io.base_renderers import MimetypeRenderer

from llmcourse.palette import LIGHT
from llmcourse.shapes import Array, Float

SERIES = tuple(LIGHT[f"c{i}"] for i in range(1, 7))
PLOTLY_MIME = "application/vnd.plotly.v1+json"

STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": LIGHT["soft"],
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": LIGHT["ink"],
    "axes.linewidth": 0.8,
    "axes.prop_cycle": cycler(color=SERIES),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.figsize": (6.6, 3.0),
    "font.family": "sans-serif",
    "font.size": 10,
    "grid.color": LIGHT["rule"],
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "white",
    "svg.fonttype": "none",  # text stays text: small files, selectable, read in the page's own font
    "svg.hashsalt": "llmcourse",  # the same figure gets the same ids, run after run
    "text.color": LIGHT["ink"],
    "xtick.color": LIGHT["soft"],
    "ytick.color": LIGHT["soft"],
}


def use_course_style() -> None:
    """Set the course's style for matplotlib and plotly; in a notebook, draw matplotlib figures as reproducible SVG."""
    mpl.rcParams.update(STYLE)  # pyright: ignore[reportArgumentType, reportCallIssue]
    pio.renderers["llmcourse"] = SiteRenderer()
    pio.renderers.default = "llmcourse"
    pio.templates.default = "none"  # the site lays its own light or dark template under every figure
    if get_ipython() is not None:
        set_matplotlib_formats("svg", metadata={"Date": None, "Creator": None})


def bar_distribution(
    p: Float[Array, " V"], labels: list[str], *, ax: Axes | None = None, color: str = LIGHT["c1"]
) -> Axes:
    """Bars for one distribution, with the outcomes underneath and the whole range 0 to 1 in view.

    Raises:  ValueError unless there is one label for each outcome.
    """
    if len(labels) != p.size:
        raise ValueError(f"{len(labels)} labels for {p.size} outcomes; give one label for each")
    ax = plt.subplots(figsize=(6.6, 2.4))[1] if ax is None else ax
    ax.bar(np.arange(p.size), p, color=color, width=0.72)
    ax.set(xticks=np.arange(p.size), xticklabels=labels, ylim=(0, 1), ylabel="probability")
    ax.grid(axis="x", visible=False)
    return ax


def whole_numbers(ax: Axes) -> Axes:
    """Ticks of the horizontal axis at whole numbers only, for orders, steps and counts."""
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax


class SiteRenderer(MimetypeRenderer):
    """Plotly figures twice over: plotly's own type for notebooks, and HTML that the site draws when it is scrolled to.

    The figure's ``layout.meta["alt"]`` is its text alternative and must be set; ``meta["caption"]`` is its caption.
    """

    def to_mimebundle(self, fig_dict: dict) -> dict:
        """MIME bundle of a figure given as a dict.

        Raises:  ValueError for a figure without ``layout.meta["alt"]``.
        """
        layout = fig_dict.get("layout", {})
        alt = (layout.get("meta") or {}).get("alt")
        if not alt:
            raise ValueError("a figure needs a text alternative: fig.update_layout(meta={'alt': 'what it shows'})")
        figure = str(go.Figure(fig_dict).to_json())
        inside_script = figure.replace("</", r"<\/")  # a closing tag in a label would end the script element
        page = (
            f'<div class="lc-plotly" role="img" aria-label="{html.escape(alt)}">'
            f'<script type="application/json">{inside_script}</script></div>'
        )
        return {PLOTLY_MIME: json.loads(figure), "text/html": page}
