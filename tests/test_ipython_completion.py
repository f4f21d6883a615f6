"""Completion of module names forgets what it knew when something was installed."""

import os
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from autoinstall.ipython.completion import ModuleNames


@pytest.mark.parametrize(
    ("changed", "expected"),
    [("site-packages/new", {}), ("work/new", {"rootmodules_cache": "stale"}), (None, {"rootmodules_cache": "stale"})],
    ids=["something was installed", "a file was written elsewhere", "nothing happened"],
)
def test_the_list_is_dropped_only_when_something_was_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str | None, expected: dict[str, str]
) -> None:
    for folder in ("site-packages", "work"):
        (tmp_path / folder).mkdir()
        os.utime(tmp_path / folder, ns=(1, 1))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "work"), str(tmp_path / "site-packages")])
    shell = SimpleNamespace(db={"rootmodules_cache": "stale"})
    names = ModuleNames(shell)
    if changed is not None:
        (tmp_path / changed).touch()
    names.refresh()
    assert shell.db == expected


def test_a_folder_that_comes_into_being_and_an_empty_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "dist-packages"
    monkeypatch.setattr(sys, "path", [str(folder)])
    names = ModuleNames(SimpleNamespace(db={}))
    folder.mkdir()
    names.refresh()


class WithoutPickleshare:
    """What stands for the cache in IPython 8 where pickleshare is not installed."""

    def __delitem__(self, key: str) -> None:
        warnings.warn(f"deleting {key} requires you to install the `pickleshare` library", stacklevel=2)


def test_where_nothing_is_kept_nobody_is_warned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In IPython 8 every install showed a warning in the cell."""
    folder = tmp_path / "site-packages"
    monkeypatch.setattr(sys, "path", [str(folder)])
    names = ModuleNames(SimpleNamespace(db=WithoutPickleshare()))
    folder.mkdir()
    names.refresh()
