"""The sentences whose attention the site ships, what each one shows, and where to look first (pure Python).

``show`` is a state of AttentionExplorer. The heads named here were found by measuring: ``head_patterns.find_heads`` on
these sentences, and for two words of a sentence the heads with the largest weight between them.
"""

from typing import Any

SENTENCES: tuple[dict[str, Any], ...] = (
    {
        "name": "repeat",
        "title": "A name comes again",
        "text": "Captain Orlova checked the radar twice. Nobody woke Captain Orlova",
        "about": "An invented name of three tokens comes twice. At the second “l” an induction head looks at what "
        "followed the first one.",
        "show": {"layer": 18, "head": 6, "token": 13, "statistic": "induction"},
    },
    {
        "name": "refrain",
        "title": "A refrain, from Alice in Wonderland",
        "text": "Will you, won't you, will you, won't you, will you join the dance?",
        "about": "Everything comes again here. Still, one head looks at little else than the token just before, "
        "whatever it is: each token learns what it follows.",
        "show": {"layer": 16, "head": 0, "token": 12, "statistic": "previous"},
    },
    {
        "name": "pronoun",
        "title": "What “it” stands for",
        "text": "Anna lost her watch in the garden, and her brother found it under a rose.",
        "about": "“it” comes nine tokens after “watch”. Most heads that look far back look at the first token for the "
        "greater part; this one finds the watch.",
        "show": {"layer": 13, "head": 8, "token": 12, "statistic": "sink"},
    },
    {
        "name": "agreement",
        "title": "A subject far from its verb",
        "text": "The keys to the old cabinet in the hallway near the stairs are missing.",
        "about": "Is or are? The nearest nouns do not tell; “keys” does, twelve tokens back.",
        "show": {"layer": 9, "head": 7, "token": 13, "statistic": "entropy"},
    },
    {
        "name": "list",
        "title": "A list of things",
        "text": "She packed socks, maps, bread, soap, matches, and a small lamp.",
        "about": "A head that finds nothing to do must still spend its weight, for each row sums to 1. Most give more "
        "than half of it to the first token, a few give all.",
        "show": {"layer": 18, "head": 8, "token": 10, "statistic": "sink"},
    },
    {
        "name": "code",
        "title": "A line of code",
        "text": "def area(width, height):\n    return width * height\n\nprint(area(2, 3))",
        "about": "“area” and “␣area” are two entries of the vocabulary, so the induction score does not count them as "
        "the same token. The head finds “(” all the same.",
        "show": {"layer": 17, "head": 4, "token": 16, "statistic": "induction"},
    },
)
