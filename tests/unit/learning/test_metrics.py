import json

import pytest
from matplotlib.figure import Figure

from llmcourse.learning.metrics import NAME, Metrics, plot_losses, read_metrics


def record(step, **more):
    return {"step": step, "loss": 5.0 - step, "tokens": 100 * (step + 1), **more}


def test_what_is_added_is_on_the_disk_at_once(tmp_path):
    metrics = Metrics(tmp_path / "new" / "folder")
    metrics.keep_before(0)
    metrics.add(record(0))
    assert read_metrics(tmp_path / "new" / "folder") == [record(0)]
    metrics.add(record(1, held_out=2.5))
    assert read_metrics(tmp_path / "new" / "folder") == [record(0), record(1, held_out=2.5)]
    metrics.close()


def test_going_on_forgets_the_steps_that_will_be_done_again(tmp_path):
    for first, steps in ((0, 5), (3, 4), (4, 0)):
        metrics = Metrics(tmp_path)
        metrics.keep_before(first)
        for step in range(first, steps):
            metrics.add(record(step, run=first))
        metrics.close()
    assert [(r["step"], r["run"]) for r in read_metrics(tmp_path)] == [(0, 0), (1, 0), (2, 0), (3, 3)]
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_line_that_was_cut_short_is_left_out_and_gone_afterwards(tmp_path):
    (tmp_path / NAME).write_text(json.dumps(record(0)) + "\n" + json.dumps(record(1))[:-3])
    assert read_metrics(tmp_path) == [record(0)]
    metrics = Metrics(tmp_path)
    metrics.keep_before(5)
    metrics.add(record(1))
    metrics.close()
    assert read_metrics(tmp_path) == [record(0), record(1)]


def test_without_a_folder_or_on_another_worker_nothing_is_written(tmp_path):
    for metrics in (Metrics(None), Metrics(tmp_path, write=False)):
        assert metrics.check_empty() == 0
        metrics.keep_before(0)
        metrics.add(record(0))
        metrics.close()
    assert list(tmp_path.iterdir()) == []
    assert read_metrics(tmp_path) == []


def test_another_trainings_results_are_refused(tmp_path):
    assert Metrics(tmp_path).check_empty() == 0
    (tmp_path / NAME).write_text(json.dumps(record(0)) + "\n")
    with pytest.raises(ValueError, match="has another training's results; continue it with resume, or choose another"):
        Metrics(tmp_path).check_empty()


def test_the_picture_has_the_smoothed_losses_and_the_held_out_ones_where_they_were_measured():
    records = [record(s, **({"held_out": 9.0} if s % 100 == 99 else {})) for s in range(400)]
    axes = plot_losses(records, Figure().add_subplot())
    training, held_out = (line.get_xydata().tolist() for line in axes.lines)
    assert len(training) == 100
    assert training[0] == [400, 5.0 - 1.5]  # steps 0 to 3: their mean, at the last one's tokens
    assert held_out == [[10_000 * (i + 1), 9.0] for i in range(4)]
    assert "nats" in axes.get_ylabel()
    assert len(plot_losses(records[:5], Figure().add_subplot()).lines) == 1


def test_no_records_are_refused():
    with pytest.raises(ValueError, match="there are 0 records to draw"):
        plot_losses([])
