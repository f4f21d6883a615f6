"""Exceptions as they come, and the missing import that each carries."""

import sys
from types import ModuleType

import pytest

from autoinstall.missing import leaves, missing_cause, missing_import


def _raised(
    error: BaseException, cause: BaseException | None = None, context: BaseException | None = None
) -> BaseException:
    error.__cause__ = cause
    error.__context__ = context
    return error


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        pytest.param(ModuleNotFoundError("No module named 'cv2'", name="cv2"), "cv2", id="plain"),
        pytest.param(ModuleNotFoundError("x", name="google.cloud.storage"), "google.cloud.storage", id="dotted"),
        pytest.param(
            _raised(ImportError("Missing optional dependency"), ModuleNotFoundError("x", name="openpyxl")),
            "openpyxl",
            id="raised from",
        ),
        pytest.param(
            _raised(ImportError("Install tabulate"), context=ModuleNotFoundError("x", name="tabulate")),
            "tabulate",
            id="raised while handling",
        ),
        pytest.param(
            _raised(
                ImportError("cannot import name 'y' from 'x'", name="x"),
                context=ModuleNotFoundError("x", name="simplejson"),
            ),
            None,
            id="a name that a module lacks is not its context",
        ),
        pytest.param(
            _raised(ModuleNotFoundError("x", name="second"), context=ModuleNotFoundError("x", name="first")),
            "second",
            id="the last of two",
        ),
        pytest.param(_raised(KeyError("x"), ModuleNotFoundError("x", name="cv2")), None, id="another error"),
        pytest.param(ImportError("pip install evil"), None, id="words alone"),
        pytest.param(ModuleNotFoundError("No module named 'cv2'"), None, id="no name"),
        pytest.param(ModuleNotFoundError("x", name="--index-url=x"), None, id="an option"),
        pytest.param(ModuleNotFoundError("x", name="a\nb"), None, id="a newline"),
        pytest.param(ModuleNotFoundError("x", name="a\0b"), None, id="NUL"),
        pytest.param(ModuleNotFoundError("x", name="\x1b[31m"), None, id="an escape"),
        pytest.param(ModuleNotFoundError("x", name="p\u0430ndas"), None, id="a Cyrillic letter"),
        pytest.param(ModuleNotFoundError("x", name="a" * 10_000), None, id="10,000 characters"),
        pytest.param(ModuleNotFoundError("x", name=7), None, id="no text"),  # type: ignore[arg-type]
    ],
)
def test_missing_import(exception: BaseException, expected: str | None) -> None:
    assert missing_import(exception) == expected


def test_a_circle_of_causes_ends() -> None:
    first, second = ImportError("first"), ImportError("second")
    first.__context__, second.__context__ = second, first
    assert missing_import(first) is None


@pytest.mark.skipif(sys.version_info < (3, 12), reason="ImportError.name_from came with Python 3.12")
def test_a_part_that_a_namespace_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    namespace = ModuleType("gooble")
    namespace.__path__ = []
    monkeypatch.setitem(sys.modules, "gooble", namespace)
    with pytest.raises(ImportError) as caught:
        exec("from gooble import storage")
    assert missing_import(caught.value) == "gooble.storage"


def test_a_part_that_a_module_lacks_is_not_a_missing_import() -> None:
    with pytest.raises(ImportError) as caught:
        exec("from os import storage")
    assert missing_import(caught.value) is None


def test_the_leaves_of_groups_within_groups_in_order() -> None:
    first, second, third = ImportError("1"), ValueError("2"), ModuleNotFoundError("3", name="cv2")
    group = BaseExceptionGroup("all", [first, ExceptionGroup("some", [second, ExceptionGroup("one", [third])])])
    assert leaves(group) == (first, second, third)
    assert leaves(first) == (first,)
    assert len(leaves(ExceptionGroup("many", [ValueError()] * 1000))) == 50


def test_a_group_itself_is_no_missing_import() -> None:
    assert missing_import(ExceptionGroup("all", [ModuleNotFoundError("x", name="cv2")])) is None


def test_the_missing_import_that_an_error_of_another_kind_was_raised_from() -> None:
    missing = ModuleNotFoundError("x", name="cv2")
    assert missing_cause(_raised(RuntimeError("cannot plot"), missing)) == "cv2"
    assert missing_cause(_raised(RuntimeError("all"), _raised(KeyError("x"), missing))) == "cv2"
    # What was merely being handled at the time is not why it was raised.
    assert missing_cause(_raised(RuntimeError("all"), context=missing)) is None
    circle = RuntimeError("all")
    circle.__cause__ = circle
    assert missing_cause(circle) is None
