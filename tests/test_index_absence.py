"""Why a project cannot be had, as a table of pages and explanations."""

from datetime import UTC, datetime, timedelta

import pytest
from packaging.tags import Tag

from autoinstall.index import NoPage, Page, Problem, Published, Standing
from autoinstall.index.absence import Absence, Cause, Target, explain
from autoinstall.names import project_name
from autoinstall.plan import Obstacle

SNARK = project_name("snark")
INDEX = "https://index.example/simple"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
LINUX_312 = Target(
    "3.12.1",
    frozenset(
        [
            Tag("cp312", "cp312", "manylinux_2_28_x86_64"),
            Tag("cp312", "abi3", "manylinux_2_28_x86_64"),
            Tag("cp38", "abi3", "manylinux_2_28_x86_64"),
            Tag("py3", "none", "manylinux_2_28_x86_64"),
            Tag("py312", "none", "any"),
            Tag("py3", "none", "any"),
        ]
    ),
)


def wheel(
    tag: str = "py3-none-any",
    version: str = "1.0",
    *,
    yanked: str | None = None,
    requires_python: str | None = None,
    age: float | None = 100,
) -> Published:
    uploaded = None if age is None else NOW - timedelta(days=age)
    name = f"snark-{version}-{tag}.whl"
    return Published(name, f"{INDEX}/{name}", version, True, None, None, uploaded, requires_python, yanked)


def sdist(version: str = "1.0") -> Published:
    name = f"snark-{version}.tar.gz"
    return Published(name, f"{INDEX}/{name}", version, False, None, None, NOW - timedelta(days=100), None, None)


def page(*files: Published, standing: Standing = Standing.ACTIVE) -> Page:
    return Page(SNARK, INDEX, standing, files)


def told(answer: Absence) -> tuple[Cause, str]:
    return answer.cause, answer.sentence


@pytest.mark.parametrize(
    ("answers", "cause", "sentence"),
    [
        pytest.param(
            [NoPage(SNARK, INDEX, Problem.NOT_FOUND)],
            Cause.NOT_ON_INDEX,
            "snark is not on https://index.example/simple",
            id="not there",
        ),
        pytest.param(
            [NoPage(SNARK, INDEX, Problem.NOT_FOUND), NoPage(SNARK, "https://two.example", Problem.NOT_FOUND)],
            Cause.NOT_ON_INDEX,
            "snark is not on https://index.example/simple, https://two.example",
            id="on neither of two",
        ),
        pytest.param(
            [NoPage(SNARK, INDEX, Problem.NOT_FOUND), NoPage(SNARK, "https://two.example", Problem.OFFLINE)],
            Cause.UNREACHABLE,
            "nothing is known about snark: https://two.example cannot be reached",
            id="the one that might have it is offline",
        ),
        pytest.param(
            [NoPage(SNARK, "https://\u202eevil\x1b[2J", Problem.UNWELL)],
            Cause.UNREACHABLE,
            "nothing is known about snark: https://\\u202eevil\\x1b[2J answers with an error",
            id="hostile address",
        ),
        pytest.param(
            [page(standing=Standing.QUARANTINED)],
            Cause.QUARANTINED,
            "snark is quarantined as possibly harmful: its index gives out no file",
            id="quarantined",
        ),
        pytest.param(
            [page()],
            Cause.WITHDRAWN,
            "snark has been withdrawn: https://index.example/simple knows it, but has no file of it",
            id="withdrawn",
        ),
        pytest.param(
            [page(sdist("1.0"), sdist("1.10"), sdist("1.9"))],
            Cause.NO_WHEEL,
            "snark 1.10 has no wheel and would have to be built",
            id="no wheel",
        ),
        pytest.param(
            [page(sdist(), standing=Standing.ARCHIVED)],
            Cause.NO_WHEEL,
            "snark 1.0 has no wheel and would have to be built; it is archived, so no new release is to be expected",
            id="archived",
        ),
        pytest.param(
            [page(wheel(yanked="old"), wheel(version="2.0", yanked="it\u202e gyres"), sdist("2.0"))],
            Cause.ONLY_YANKED,
            "snark has been withdrawn by its authors (yanked)",
            id="only yanked, with a hostile reason that is not shown",
        ),
        pytest.param(
            [page(wheel("cp310-cp310-manylinux_2_28_x86_64"), wheel("cp311-cp311-manylinux_2_28_x86_64"))],
            Cause.NO_WHEEL_FOR_THIS_PYTHON,
            "snark has no wheel for Python 3.12; the newest Python that it supports is 3.11",
            id="older Pythons only",
        ),
        pytest.param(
            [page(wheel("cp313-cp313-manylinux_2_28_x86_64"), wheel("cp314-cp314-manylinux_2_28_x86_64"))],
            Cause.NO_WHEEL_FOR_THIS_PYTHON,
            "snark has no wheel for Python 3.12; the nearest Python that it supports is 3.13",
            id="newer Pythons only",
        ),
        pytest.param(
            [page(wheel(requires_python=">=3.8,<3.11"))],
            Cause.NO_WHEEL_FOR_THIS_PYTHON,
            "snark has no wheel for Python 3.12; the newest Python that it supports is 3.10",
            id="requires an older Python",
        ),
        pytest.param(
            [page(wheel("cp38-abi3-manylinux_2_28_x86_64", requires_python="<3.12"))],
            Cause.NO_WHEEL_FOR_THIS_PYTHON,
            "snark has no wheel for Python 3.12; the newest Python that it supports is 3.11",
            id="stable ABI",
        ),
        pytest.param(
            [page(wheel("cp312-cp312-win_amd64"), wheel("cp312-cp312-macosx_11_0_arm64"))],
            Cause.NO_WHEEL_FOR_THIS_PLATFORM,
            "snark 1.0 has no wheel for this platform, only for Windows, macOS",
            id="other platforms only",
        ),
        pytest.param(
            [page(wheel("cp311-cp311-manylinux_2_28_x86_64"), wheel("cp312-cp312-win_amd64"))],
            Cause.NO_WHEEL_FOR_THIS_PYTHON,
            "snark has no wheel for Python 3.12; the newest Python that it supports is 3.11",
            id="this Python elsewhere, another one here",
        ),
        pytest.param(
            [page(wheel(age=2), wheel(version="0.9", age=3.5), wheel("cp39-cp39-win_amd64", "0.8"))],
            Cause.TOO_NEW,
            "snark is too new: its first release that fits is 3 days old, and 7 are asked for",
            id="too new",
        ),
        pytest.param(
            [page(wheel(age=None))],
            Cause.NOTHING,
            "snark 1.0 has a wheel for this Python: something that it needs or that is installed is in the way",
            id="of unknown age",
        ),
        pytest.param(
            [page(wheel(requires_python="not a specifier"))],
            Cause.NOTHING,
            "snark 1.0 has a wheel for this Python: something that it needs or that is installed is in the way",
            id="a requirement that cannot be read",
        ),
        pytest.param(
            [NoPage(SNARK, INDEX, Problem.NOT_FOUND), page(wheel(version="2.0rc1"), wheel(version="1.1"))],
            Cause.NOTHING,
            "snark 1.1 has a wheel for this Python: something that it needs or that is installed is in the way",
            id="on the second index",
        ),
        pytest.param(
            [page(wheel(yanked="")), page(wheel(version="9.0"))],
            Cause.ONLY_YANKED,
            "snark has been withdrawn by its authors (yanked)",
            id="the first that has it answers for it",
        ),
        pytest.param(
            [NoPage(SNARK, "http://127.0.0.1:80/simple", Problem.NOT_ALLOWED)],
            Cause.NOT_LET_IN,
            "http://127.0.0.1:80/simple asks for a user name and a password, or refuses those that it got: put them "
            "into .netrc in your home folder (machine 127.0.0.1 login NAME password PASSWORD), into the index's URL, "
            "or into a keyring (with NAME in the URL and keyring-provider = subprocess)",
            id="a password is wanted",
        ),
        pytest.param(
            [NoPage(SNARK, INDEX, Problem.GARBAGE)],
            Cause.NO_INDEX,
            "https://index.example/simple answers with what is not an index's page: either this network wants you to "
            "log in first (open any page in a browser), or that is not an index's address",
            id="a page to log in on",
        ),
    ],
)
def test_causes(answers: list[Page | NoPage], cause: Cause, sentence: str) -> None:
    assert told(explain(SNARK, answers, LINUX_312, min_age_days=7, now=NOW)) == (cause, sentence)


@pytest.mark.parametrize(
    ("version", "cause", "sentence"),
    [
        ("3.0\x1b", Cause.NO_SUCH_VERSION, "snark has no version 3.0\\x1b: the newest is 2.0"),
        ("2.0.0", Cause.NO_WHEEL, "snark 2.0 has no wheel and would have to be built"),
        (
            "1.0",
            Cause.NO_WHEEL_FOR_THIS_PYTHON,
            "snark 1.0 has no wheel for Python 3.12; the newest Python that it supports is 3.11",
        ),
    ],
)
def test_a_version_asked_for(version: str, cause: Cause, sentence: str) -> None:
    answers = [page(wheel("cp311-cp311-manylinux_2_28_x86_64"), sdist("2.0"), wheel(version="1.5"))]
    assert told(explain(SNARK, answers, LINUX_312, version=version, now=NOW)) == (cause, sentence)


def test_the_facts_are_there_besides_the_sentence() -> None:
    answer = explain(
        SNARK,
        [page(wheel("cp311-cp311-manylinux_2_28_x86_64", "1.2"), standing=Standing.ARCHIVED)],
        LINUX_312,
        now=NOW,
    )
    assert (answer.version, answer.python, answer.is_archived) == ("1.2", "3.11", True)
    assert answer.obstacle is Obstacle.NO_WHEEL_FOR_THIS_PYTHON
    too_new = explain(SNARK, [page(wheel(age=0.5))], LINUX_312, min_age_days=7, now=NOW)
    assert (too_new.version, too_new.age_days, too_new.obstacle) == ("1.0", 0, Obstacle.TOO_NEW)


def test_every_cause_has_an_obstacle() -> None:
    assert all(Absence(SNARK, cause, "").obstacle in Obstacle for cause in Cause)


def test_versions_and_tags_of_thousands_of_digits_are_no_reason_to_fail() -> None:
    digits = "9" * 5000
    files = (
        wheel(version=digits, requires_python=f">=3.{digits}"),
        wheel(version="1.0", tag=f"cp3{digits}-none-any"),
        wheel(version="2.0", tag="cp36-cp36m-win_amd64"),
    )
    absence = explain(SNARK, [page(*files)], LINUX_312)
    assert absence.cause is Cause.NO_WHEEL_FOR_THIS_PLATFORM
