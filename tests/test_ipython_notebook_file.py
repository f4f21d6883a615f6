"""Which file the notebook is kept in."""

from pathlib import Path

from autoinstall.ipython.notebook_file import notebook_file


def test_what_the_frontend_has_told(tmp_path: Path) -> None:
    file = tmp_path / "a.ipynb"
    other = tmp_path / "b.ipynb"
    for each in (file, other, tmp_path / "c.py"):
        each.write_text("{}")
    assert notebook_file({}, {}) is None
    assert notebook_file({}, {"JPY_SESSION_NAME": str(file)}) == file
    assert notebook_file({"__vsc_ipynb_file__": str(other)}, {"JPY_SESSION_NAME": str(file)}) == other
    assert notebook_file({"__vsc_ipynb_file__": 5}, {"JPY_SESSION_NAME": str(tmp_path / "renamed.ipynb")}) is None
    assert notebook_file({}, {"JPY_SESSION_NAME": str(tmp_path / "c.py")}) is None
    assert notebook_file({}, {"JPY_SESSION_NAME": "a\0.ipynb"}) is None
