"""The course's colors, one name and two values each (pure Python).

Figures are drawn with the LIGHT values; the site replaces exactly these values by CSS variables, so that a figure
follows the reader's light or dark theme. Each series color has a contrast of at least 3:1 against its theme's paper,
and c1 to c3 stay apart under the three common kinds of color blindness (tests/unit/test_palette.py measures both).
"""

LIGHT = {
    "ink": "#1f2328",
    "soft": "#57606a",
    "rule": "#d5d9de",
    "paper": "#fefdfb",
    "panel": "#f5f2ec",
    "accent": "#8c3a1f",
    "c1": "#1b6ca8",
    "c2": "#c8501e",
    "c3": "#0a7f62",
    "c4": "#8a4f9e",
    "c5": "#a06f00",
    "c6": "#6b7280",
}

DARK = {
    "ink": "#e6e2da",
    "soft": "#a9b0b8",
    "rule": "#3b4148",
    "paper": "#16181b",
    "panel": "#1f2226",
    "accent": "#e8a07f",
    "c1": "#6db3e8",
    "c2": "#f0905e",
    "c3": "#4cc3a0",
    "c4": "#c99ad8",
    "c5": "#e0b34c",
    "c6": "#a3abb8",
}
