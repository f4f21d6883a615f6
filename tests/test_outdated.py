"""Modules that are loaded and whose files say something else by now."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autoinstall.outdated import needs_restart

OLD = "__version__ = '1.0'\n\ndef build():\n    return 1\n"
NEW = "__version__ = '2.0'\n\ndef build(size):\n    return size\n\ndef fresh():\n    return 2\n"

Site = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Site]:
    """Return a function that installs `gyre` with this source in this version, over what is there."""

    def write(source: str, version: str) -> None:
        tmp_path.joinpath("gyre").mkdir(exist_ok=True)
        tmp_path.joinpath("gyre", "__init__.py").write_text(source)
        tmp_path.joinpath("gyre", "part.py").write_text("def inner():\n    from gyre import fresh\n")
        for found in tmp_path.glob("*.dist-info"):
            found.joinpath("METADATA").unlink()
            found.joinpath("RECORD").unlink()
            found.rmdir()
        metadata = tmp_path / f"gyre-{version}.dist-info"
        metadata.mkdir()
        metadata.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: gyre\nVersion: {version}\n")
        metadata.joinpath("RECORD").write_text("gyre/__init__.py,,\n")
        importlib.invalidate_caches()

    sys.path.insert(0, str(tmp_path))
    write(OLD, "1.0")
    importlib.import_module("gyre.part")
    yield write
    sys.path.remove(str(tmp_path))
    for name in ("gyre", "gyre.part"):
        sys.modules.pop(name, None)


def _raised(statement: str) -> BaseException:
    with pytest.raises((ImportError, AttributeError, KeyError)) as caught:
        exec(statement, {"__name__": "__main__"})
    return caught.value


@pytest.mark.parametrize(
    "statement",
    [
        "from gyre import fresh",
        "import gyre; gyre.fresh",
        "import gyre.part; gyre.part.inner()",
        "import gyre.fresher",
    ],
)
def test_an_older_copy_is_loaded(statement: str, write: Site) -> None:
    assert needs_restart(_raised(statement)) is None
    write(NEW, "2.0")
    assert needs_restart(_raised(statement)) == (
        "gyre 1.0 is loaded here, but 2.0 is installed by now: restart the kernel (or the program) and run it again."
    )


def test_another_build_of_the_same_version(write: Site) -> None:
    write(NEW, "1.0")
    assert needs_restart(_raised("from gyre import fresh")) == (
        "The gyre that is loaded here is not what its files hold by now: "
        "restart the kernel (or the program) and run it again."
    )


@pytest.mark.parametrize(
    "statement",
    ["import surely_absent", "from json import fresh", "{}['x']", "raise ImportError('gyre')", "(1).gyre"],
)
def test_errors_that_have_nothing_to_do_with_it(statement: str, write: Site) -> None:
    write(NEW, "2.0")
    assert needs_restart(_raised(statement)) is None


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import gyre\nraise ImportError('needs a newer one')", ImportError),
        ("import gyre\nraise ValueError('size changed')", ValueError),
        (
            "import gyre\ntry:\n    gyre.fresh\nexcept AttributeError:\n    raise RuntimeError('not built')",
            RuntimeError,
        ),
    ],
    ids=["a library says so in words", "compiled code does not fit", "a chain"],
)
def test_a_library_cannot_be_imported_over_an_older_copy(
    source: str, kind: type[Exception], write: Site, tmp_path: Path
) -> None:
    """As pandas cannot over an older numpy: no fact but what the library that raises has imported."""
    tmp_path.joinpath("outgrabe.py").write_text(source)
    with pytest.raises(kind) as before:
        exec("import outgrabe", {"__name__": "__main__"})
    assert needs_restart(before.value) is None
    write(NEW, "2.0")
    with pytest.raises(kind) as caught:
        exec("import outgrabe", {"__name__": "__main__"})
    assert str(needs_restart(caught.value)).startswith("gyre 1.0 is loaded here, but 2.0 is installed by now: ")


def test_another_file_is_found_than_the_one_that_was_loaded(write: Site, tmp_path: Path) -> None:
    """As where a compiled module gives way to one in source code."""
    write(OLD, "2.0")
    tmp_path.joinpath("gyre").rename(tmp_path / "away")
    tmp_path.joinpath("gyre.py").write_text(NEW)
    importlib.invalidate_caches()
    assert str(needs_restart(_raised("from gyre import fresh"))).startswith("gyre 1.0 is loaded here, but 2.0 ")


@pytest.mark.usefixtures("write")
def test_only_a_part_is_another(tmp_path: Path) -> None:
    tmp_path.joinpath("gyre", "part.py").write_text("def inner(size):\n    return size\n")
    importlib.invalidate_caches()
    assert "restart" in str(needs_restart(_raised("from gyre import fresh")))


def test_what_the_user_has_imported_is_not_blamed_for_their_own_errors(write: Site) -> None:
    write(NEW, "2.0")
    with pytest.raises(ValueError, match="mine") as caught:
        exec("import gyre\nraise ValueError('mine')", {"__name__": "__main__"})
    assert needs_restart(caught.value) is None


def test_only_another_version_s_metadata_is_no_reason(write: Site) -> None:
    """A module's `__version__` and its project's version may differ for good."""
    write(OLD, "2.0")
    assert needs_restart(_raised("from gyre import fresh")) is None


def test_files_that_are_gone_say_nothing(write: Site, tmp_path: Path) -> None:
    write(NEW, "2.0")
    tmp_path.joinpath("gyre", "__init__.py").unlink()
    assert needs_restart(_raised("from gyre import fresh")) is None


def test_nothing_that_is_loaded_here_is_taken_for_another(write: Site) -> None:
    """Every module of this process, as a check that the comparison itself tells no tales."""
    del write
    told = [
        name
        for name in list(sys.modules)
        if name.partition(".")[0] not in sys.stdlib_module_names and "pytest" not in name
        if needs_restart(ModuleNotFoundError("x", name=name)) is not None
    ]
    assert told == []
