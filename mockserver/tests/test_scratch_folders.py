"""Folders of files that go with their site, also when its process is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gp_mockserver import scratch_folders
from gp_mockserver.scratch_folders import LOCK, PREFIX, ScratchFolder, remove_abandoned
from gp_mockserver.site_directories import SiteDirectories

MAKE_ONE = """
from gp_mockserver.site_directories import SiteDirectories
folder = SiteDirectories().make_folder("arcgisjobs/a/b")
(folder / "out.bin").write_bytes(b"a" * 1000)
print(folder.parents[3], flush=True)
input()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: Any) -> Path:
    """The folder in which this process and its children keep what is temporary; this one looks for others
    only where a test has it do so."""
    monkeypatch.setattr(scratch_folders, "_look_for_abandoned", lambda parent: None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def other(temporary: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has such a folder."""
    with subprocess.Popen(
        [sys.executable, "-c", MAKE_ONE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def folder_of(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def test_the_folder_of_a_process_that_was_killed_goes_and_that_of_one_that_lives_stays(
    temporary: Path, other: subprocess.Popen[str]
) -> None:
    left = folder_of(other)
    assert left.parent == temporary
    own = ScratchFolder()
    remove_abandoned(temporary)
    assert (left / "files/arcgisjobs/a/b/out.bin").is_file()
    assert own.path.is_dir()
    other.kill()
    other.wait()
    assert left.is_dir()
    remove_abandoned(temporary)
    assert not left.exists()
    assert own.path.is_dir()
    own.remove()
    assert list(temporary.iterdir()) == []


def test_the_first_folder_of_a_process_has_it_look_for_others(temporary: Path, monkeypatch: Any) -> None:
    looked: list[Path] = []
    monkeypatch.setattr(scratch_folders, "_look_for_abandoned", looked.append)
    directories = SiteDirectories()
    assert looked == []
    root = directories.make_folder("uploads").parent
    directories.make_folder("arcgisjobs")
    assert looked == [temporary.resolve()]
    directories.close()
    assert not root.parent.exists()


def test_a_process_that_starts_removes_what_a_killed_one_left(temporary: Path, other: Any) -> None:
    left = folder_of(other)
    other.kill()
    other.wait()
    looks = MAKE_ONE.replace(
        "input()", "import threading\n[each.join() for each in threading.enumerate()[1:]]"
    )
    subprocess.run([sys.executable, "-c", looks], check=True, stdout=subprocess.DEVNULL)
    assert not left.exists()


def test_what_is_none_of_ours_stays(temporary: Path) -> None:
    just_made = temporary / f"{PREFIX}new"
    just_made.mkdir()
    file = temporary / f"{PREFIX}file"
    file.write_text("a")
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / LOCK).write_text("")
    (temporary / f"{PREFIX}link").symlink_to(elsewhere)
    linked = temporary / f"{PREFIX}linked"
    linked.mkdir()
    (linked / LOCK).symlink_to(elsewhere / LOCK)
    before = sorted(os.listdir(temporary))
    remove_abandoned(temporary)
    assert sorted(os.listdir(temporary)) == before
    assert (elsewhere / LOCK).exists()
    remove_abandoned(temporary / "nowhere")
