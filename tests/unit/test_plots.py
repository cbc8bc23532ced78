import json
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from llmcourse import plots
from llmcourse.palette import LIGHT


@pytest.fixture(autouse=True)
def course_style():
    mpl.use("agg")
    with mpl.rc_context():
        plots.use_course_style()
        yield
        plt.close("all")


def test_bars_have_the_heights_of_the_distribution():
    ax = plots.bar_distribution(np.array([0.7, 0.2, 0.1]), ["a", "b", "c"])
    assert [bar.get_height() for bar in ax.patches] == [0.7, 0.2, 0.1]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "b", "c"]
    assert ax.get_ylim() == (0, 1)


def test_bars_are_drawn_on_the_axes_given():
    ax = plt.subplots()[1]
    assert plots.bar_distribution(np.array([1.0]), ["a"], ax=ax) is ax


def test_a_label_for_each_bar():
    with pytest.raises(ValueError, match="1 labels for 2 outcomes"):
        plots.bar_distribution(np.array([0.5, 0.5]), ["a"])


def test_every_color_of_a_figure_is_one_the_site_can_exchange(tmp_path):
    ax = plots.bar_distribution(np.array([0.6, 0.4]), ["a", "b"])
    ax.plot([0, 1], [0.2, 0.3], label="line")
    ax.legend()
    ax.set_title("title")
    for name in ("first.svg", "second.svg"):
        ax.figure.savefig(tmp_path / name, metadata={"Date": None, "Creator": None})
    svg = (tmp_path / "first.svg").read_text()
    found = set(re.findall(r"#[0-9a-f]{6}\b", svg))
    assert found <= {*LIGHT.values(), "#ffffff", "#000000"}
    assert svg == (tmp_path / "second.svg").read_text()


def test_ticks_at_whole_numbers():
    ax = plt.subplots()[1]
    ax.plot([0, 3], [0, 1])
    assert all(tick == round(tick) for tick in plots.whole_numbers(ax).get_xticks())


def test_a_plotly_figure_comes_for_notebooks_and_for_the_site():
    figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4]))
    figure.update_layout(meta={"alt": 'two points, "rising" </script>'})
    bundle = pio.renderers["llmcourse"].to_mimebundle(figure.to_dict())
    assert bundle[plots.PLOTLY_MIME]["data"][0]["y"] == [3, 4]
    page = bundle["text/html"]
    assert 'role="img" aria-label="two points, &quot;rising&quot; &lt;/script&gt;"' in page
    assert page.count("</script>") == 1
    inside = page.split('<script type="application/json">')[1].split("</script>")[0]
    assert json.loads(inside)["data"][0]["x"] == [1, 2]


def test_a_plotly_figure_without_a_text_alternative_is_refused():
    with pytest.raises(ValueError, match="text alternative"):
        pio.renderers["llmcourse"].to_mimebundle(go.Figure().to_dict())
