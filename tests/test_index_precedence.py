"""Which index a file may come from where several have the project, as a table."""

import pytest

from autoinstall.index import NoPage, Page, Problem, Published, Standing
from autoinstall.index.precedence import settle
from autoinstall.names import project_name
from autoinstall.plan import File, Item, Obstacle, Plan, Refusal

SNARK = project_name("snark")
COMPANY, PUBLIC = "https://company.example/simple", "https://public.example/simple"


def named(version: str) -> str:
    return f"snark-{version}-py3-none-any.whl"


def page(index: str, *versions: str, sha256: str | None = "ab" * 32) -> Page:
    files = (
        Published(named(one), f"{index}/{named(one)}", one, True, sha256, None, None, None, None) for one in versions
    )
    return Page(SNARK, index, Standing.ACTIVE, tuple(files))


def missing(index: str, problem: Problem = Problem.NOT_FOUND) -> NoPage:
    return NoPage(SNARK, index, problem)


@pytest.mark.parametrize(
    ("answers", "is_last_the_least", "has_folders", "expected"),
    [
        pytest.param([page(COMPANY, "1.0", "9.0"), page(PUBLIC, "1.0")], True, False, COMPANY, id="on the first"),
        pytest.param([missing(COMPANY), page(PUBLIC, "9.0")], True, False, PUBLIC, id="on the last alone"),
        pytest.param([page(COMPANY, "9.0"), page(PUBLIC, "9.0")], False, False, COMPANY, id="the same on both"),
        pytest.param([page(COMPANY, "9.0", sha256=None), missing(PUBLIC)], True, False, COMPANY, id="without hashes"),
        pytest.param(
            [page(COMPANY, "1.0"), page(PUBLIC, "9.0")],
            True,
            False,
            f"snark 9.0 would come from {PUBLIC}, but {COMPANY} goes before it and has snark as well",
            id="a higher version on the last",
        ),
        pytest.param(
            [page(COMPANY), page(PUBLIC, "9.0")],
            True,
            False,
            f"{COMPANY} goes before it and has snark as well",
            id="the first knows the name, but has no file",
        ),
        pytest.param(
            [page(COMPANY, "9.0", sha256="cd" * 32), page(PUBLIC, "9.0")],
            True,
            False,
            f"{COMPANY} goes before it and has snark as well",
            id="the same name, another content",
        ),
        pytest.param(
            [page(COMPANY, "9.0"), page(PUBLIC, "1.0")],
            False,
            False,
            f"snark 9.0 would come from {COMPANY}, but {PUBLIC} has snark as well",
            id="two that were both named, and differ",
        ),
        pytest.param(
            [missing(COMPANY, Problem.NOT_ALLOWED), page(PUBLIC, "9.0")],
            True,
            False,
            f"It is not known which index answers for snark: {COMPANY} wants a user name and password.",
            id="the first cannot be asked",
        ),
        pytest.param([missing(COMPANY), missing(PUBLIC)], True, True, "", id="from a folder of files"),
        pytest.param(
            [page(COMPANY, "1.0"), missing(PUBLIC)], True, True, "a folder of files, but", id="folder or index"
        ),
        pytest.param([missing(COMPANY), missing(PUBLIC)], True, False, "from none of the indexes", id="from nowhere"),
    ],
)
def test_where_a_file_may_come_from(
    answers: list[Page | NoPage], *, is_last_the_least: bool, has_folders: bool, expected: str
) -> None:
    plan = Plan((Item(SNARK, "9.0", File(named("9.0"), "", "ab" * 32, None, None)),), "pip")
    found = settle(plan, {SNARK: answers}, is_last_the_least=is_last_the_least, has_folders=has_folders)
    if isinstance(found, Refusal):
        assert expected in found.sentence
        assert expected
        assert found.obstacle in (Obstacle.UNSAFE, Obstacle.INDEX_FAILED)
    else:
        assert [item.file.index for item in found.items] == [expected]
