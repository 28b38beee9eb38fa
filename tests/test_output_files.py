"""Outputs appear all at once or not at all, whatever happens to the run, and never in place of what is no file."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tunegate import _core
from tunegate.errors import ReportError
from tunegate.output_files import output_files, require_place, sweep


def test_outputs_appear_together_at_the_end(tmp_path: Path):
    with output_files() as place:
        for name in ("a", "b"):
            place(tmp_path / name).write_text(name)
        assert not (tmp_path / "a").exists()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "a", "b": "b"}


def write_two(folder: Path, between: Callable[[Path], None]) -> None:
    """Write two outputs; `between` is called with the partial file of the second before they are complete."""
    with output_files() as place:
        place(folder / "a").write_text("new")
        partial = place(folder / "b")
        partial.write_text("new")
        between(partial)


def interrupt(partial: Path) -> None:
    raise KeyboardInterrupt


def remove(partial: Path) -> None:
    partial.unlink()


def replace(partial: Path) -> None:
    partial.unlink()
    partial.write_text("of another")


def test_a_block_that_raises_leaves_everything_as_it_was(tmp_path: Path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_two(tmp_path, interrupt)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old"}


@pytest.mark.parametrize("happens", [remove, replace])
def test_an_output_that_was_taken_away_half_written_fails_the_run_and_renames_nothing(
    tmp_path: Path, happens: Callable[[Path], None]
):
    (tmp_path / "a").write_text("old")
    with pytest.raises(ReportError, match=r"/b: what was written was removed or replaced before it was complete"):
        write_two(tmp_path, happens)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old"}


def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path: Path):
    for name in ("a.partial-1.0", f"a.partial-{os.getppid()}.3", "a.partial-notes", "a.partial-1", "b.partial-1.0"):
        (tmp_path / name).write_text("half")
    with output_files() as place:
        place(tmp_path / "a")
    assert {path.name for path in tmp_path.iterdir()} == {"a", "a.partial-notes", "a.partial-1", "b.partial-1.0"}


def test_what_another_run_is_writing_is_left_alone(tmp_path: Path):
    with output_files() as place:
        written = place(tmp_path / "a")
        written.write_text("first")
        sweep(tmp_path, "*")
        with output_files() as other:
            other(tmp_path / "a").write_text("second")
        assert (tmp_path / "a").read_text() == "second"
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "first"}


def test_a_link_is_followed_and_stays(tmp_path: Path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "link").symlink_to("a")
    with output_files() as place:
        place(tmp_path / "link").write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_text() == "new"


def test_the_mode_is_that_of_the_file_there_was_or_what_the_user_gives_new_files(tmp_path: Path):
    (tmp_path / "old").touch()
    (tmp_path / "old").chmod(0o600)
    umask = os.umask(0o027)
    try:
        with output_files() as place:
            place(tmp_path / "old")
            place(tmp_path / "new")
    finally:
        os.umask(umask)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {"old": 0o600, "new": 0o640}


@pytest.mark.parametrize("name", ["-", "pipe", "folder", "/dev/null", "/dev/stdout/x", "absent/a", "a.gz", "a.Zst"])
def test_what_is_no_place_for_a_file_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    os.mkdir("folder")
    with pytest.raises(ReportError, match=name):
        require_place(Path(name))
    with pytest.raises(ReportError, match=name), output_files() as place:
        place(Path(name))
    assert sorted(os.listdir()) == ["folder", "pipe"]


def test_a_full_disk_is_told_by_the_name_of_the_output(tmp_path: Path):
    with pytest.raises(ReportError) as told, output_files() as place:
        raise _core.ReadError(f"{place(tmp_path / 'a')}: No space left on device")
    assert str(told.value) == (
        f"{tmp_path}/a: No space left on device; make room or name a file elsewhere. Nothing was written"
    )
    assert not list(tmp_path.iterdir())


def test_a_name_too_long_for_its_partial_file_is_told(tmp_path: Path):
    name = "a" * 250
    with pytest.raises(ReportError, match=rf"{name}: File name too long"), output_files() as place:
        place(tmp_path / name)
