"""One question covers all that a cell will surely import."""

from collections.abc import Iterator

import pytest

from tests.kernel.conftest import NEEDY, Desk
from tests.support.catalogue import Release, stand_in
from tests.support.environments import KERNEL_BASES, Environments
from tests.support.kernel import Kernel
from tests.support.local_index import LocalIndex
from tests.support.processes import clean_environ
from tests.support.wheels import Wheel

pytestmark = pytest.mark.kernel

PLAIN = (
    "arrow",
    "dask",
    "emoji",
    "flask",
    "humanize",
    "jmespath",
    "loguru",
    "nltk",
    "peewee",
    "regex",
    "sympy",
    "toolz",
)


def catalogue() -> tuple[Release, ...]:
    return (
        *(Release(stand_in(name, "1.0", name)) for name in PLAIN),
        Release(stand_in("PyYAML", "6.0.3", "yaml")),
        Release(stand_in("google-cloud-storage", "3.4.0", "google.cloud.storage")),
        Release(stand_in("google-cloud-bigquery", "3.4.0", "google.cloud.bigquery")),
        Release(stand_in("opencv-python", "4.14.0.94", "cv2")),
    )


@pytest.fixture(scope="module", params=KERNEL_BASES)
def one_desk(
    request: pytest.FixtureRequest, environments: Environments, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("home")
    with LocalIndex(catalogue()) as index:
        environment = environments.fresh(request.param, clean_environ(home, index.url), home)
        environment.install(Wheel("needy", "1.0", {"needy.py": NEEDY}))
        with Kernel(environment) as kernel:
            loaded = kernel.execute("%load_ext autoinstall\nimport needy")
            assert loaded.status == "ok", loaded.traceback
            yield Desk(kernel, environment, index)


def test_all_that_is_imported_for_sure_is_in_one_plan(one_desk: Desk) -> None:
    cell = (
        "n = [1]\nimport arrow\nimport yaml, cv2\nfrom google.cloud import storage, bigquery\n"
        "if not n:\n    import emoji\ntry:\n    import flask\nexcept ImportError:\n    n.append('no flask')\n"
        "n.append(arrow.STAND_IN and yaml.STAND_IN and cv2.STAND_IN and storage.STAND_IN and bigquery.STAND_IN)\nn"
    )
    result = one_desk.kernel.execute(cell, answers=["y"])
    assert result.text == "[1, 'no flask', True]", result.traceback
    [prompt] = result.prompts
    for project in ("arrow", "pyyaml", "opencv-python", "google-cloud-storage", "google-cloud-bigquery"):
        assert project in result.shown
    assert prompt.startswith("Install arrow, ")


def test_after_an_error_that_has_escaped_from_a_library(one_desk: Desk) -> None:
    result = one_desk.kernel.execute("needy.optional('humanize')\nimport peewee\npeewee.STAND_IN", answers=["y"])
    assert (result.text, len(result.prompts)) == ("True", 1), result.traceback


def test_one_part_is_declined_and_its_import_fails_without_a_question(one_desk: Desk) -> None:
    result = one_desk.kernel.execute("import jmespath\nprint('first')\nimport loguru", answers=["c", "1", "0", "y"])
    assert result.message == "No module named 'loguru'", (result.stdout, result.traceback)
    assert "you said no" in result.traceback
    assert one_desk.is_installed("jmespath")
    assert not one_desk.is_installed("loguru")


def test_a_no_holds_for_all_of_it(one_desk: Desk) -> None:
    result = one_desk.kernel.execute("import nltk, regex", answers=["n"])
    assert result.message == "No module named 'nltk'"
    again = one_desk.kernel.execute("import regex")
    assert (again.message, again.prompts) == ("No module named 'regex'", ())


def test_what_the_cell_changes_on_the_path_first_is_honoured(one_desk: Desk) -> None:
    one_desk.environment.work.joinpath("lib").mkdir(exist_ok=True)
    one_desk.environment.script("mine = True\n", "lib/toolz.py")
    result = one_desk.kernel.execute(
        "import sys\nsys.path.append('lib')\nimport sympy\nimport toolz\ntoolz.mine", answers=["y"]
    )
    assert result.text == "True", result.traceback
    assert not one_desk.is_installed("toolz")
    [prompt] = result.prompts
    assert "toolz" not in prompt


def test_a_script_that_is_run(one_desk: Desk) -> None:
    one_desk.environment.script("import dask\nn = [1]\nimport emoji\nn.append(2)\n", "running.py")
    result = one_desk.kernel.execute("%run running.py\nn", answers=["y"])
    assert (result.text, len(result.prompts)) == ("[1, 2]", 1), result.traceback
