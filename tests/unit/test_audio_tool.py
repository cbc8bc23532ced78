"""`make audio`: what is heard is where the marks say, and nothing is spoken twice."""

import json

import numpy as np
import pytest
import soundfile
from mutagen.id3 import ID3
from mutagen.mp3 import MP3

from tests.chapters.pages import tool
from tests.voices import RATE, Tone

audio = tool("audio")
SETTINGS = audio.Settings()
SCRIPT = "# A test\n\n## The first part\n\nOne two three. Four five.\n\nSix.\n\n## The second part\n\nSeven eight.\n"


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "01_test"
    folder.mkdir()
    path = folder / "podcast.md"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def loudness(samples: np.ndarray, begin: float, end: float) -> float:
    return float(np.sqrt((samples[round(begin * RATE) : round(end * RATE)] ** 2).mean()))


def test_sentences_sound_where_the_marks_say_and_the_rest_is_silent(source, tmp_path):
    marks = audio.render(source, tmp_path, settings=SETTINGS, voice=Tone())
    samples, rate = soundfile.read(tmp_path / "01_test.mp3")
    assert rate == RATE
    assert len(samples) / rate == pytest.approx(marks.seconds, abs=0.15)  # an MP3 ends with a whole frame
    assert len(marks.sentences) == 5
    for begin, end in marks.sentences:
        assert loudness(samples, begin + 0.06, end) > 0.2  # the encoder delays by up to 0.05 s
    for (_, end), (begin, _) in zip(marks.sentences, marks.sentences[1:], strict=False):
        assert loudness(samples, end + 0.08, begin - 0.02) < 0.02
    gaps = [begin - end for (_, end), (begin, _) in zip(marks.sentences, marks.sentences[1:], strict=False)]
    expected = [SETTINGS.part, SETTINGS.sentence, SETTINGS.paragraph, SETTINGS.part]
    assert gaps == pytest.approx(expected, abs=0.02)


def test_the_recording_carries_title_and_chapter_marks(source, tmp_path):
    marks = audio.render(source, tmp_path, settings=SETTINGS, voice=Tone())
    tags = ID3(tmp_path / "01_test.mp3")
    assert tags["TIT2"].text == ["A test"]
    assert tags["CTOC:toc"].child_element_ids == ["part1", "part2"]
    first, second = tags["CHAP:part1"], tags["CHAP:part2"]
    assert [chapter.sub_frames["TIT2"].text[0] for chapter in (first, second)] == ["The first part", "The second part"]
    assert first.start_time == 0
    assert first.end_time == second.start_time == round(1000 * marks.parts[1][1])
    assert marks.parts[1][1] == marks.sentences[4][0]
    assert second.end_time == round(1000 * marks.seconds)
    assert (tmp_path / "01_test.mp3").stat().st_size == marks.bytes


def test_only_a_changed_script_is_spoken_again(source, tmp_path):
    voice = Tone()
    assert audio.render(source, tmp_path, settings=SETTINGS, voice=voice) is not None
    assert audio.render(source, tmp_path, settings=SETTINGS, voice=voice) is None
    assert len(voice.said) == 5
    source.write_text(SCRIPT.replace("Six.", "Six and a half."), encoding="utf-8")
    assert audio.render(source, tmp_path, settings=SETTINGS, voice=voice) is not None
    assert audio.render(source, tmp_path, settings=audio.Settings(sentence=0.5), voice=voice) is not None


def test_a_failure_leaves_the_earlier_recording(source, tmp_path):
    audio.render(source, tmp_path, settings=SETTINGS, voice=Tone())
    before = (tmp_path / "01_test.mp3").read_bytes()
    source.write_text(SCRIPT.replace("Six.", "Six = 6."), encoding="utf-8")
    with pytest.raises(ValueError, match="line 7: '=' cannot be spoken"):
        audio.render(source, tmp_path, settings=SETTINGS, voice=Tone())
    assert (tmp_path / "01_test.mp3").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01_test", "01_test.json", "01_test.mp3"]


def test_the_packaged_voice_speaks(source, tmp_path):
    """The real one: longer sentences take longer, and it is loud enough to hear."""
    source.write_text("# Test\n\n## Part\n\nYes. The average bill is the number that a training run prints.\n", "utf-8")
    marks = audio.render(source, tmp_path, settings=SETTINGS)
    spans = [end - begin for begin, end in marks.sentences]
    assert 0.2 < spans[1] < 1.5
    assert 2 < spans[2] < 8
    samples, _ = soundfile.read(tmp_path / "01_test.mp3")
    assert loudness(samples, *marks.sentences[2]) > 0.03
    assert MP3(tmp_path / "01_test.mp3").info.bitrate < 70_000
    assert json.loads((tmp_path / "01_test.json").read_text("utf-8"))["seconds"] == marks.seconds
