"""A network and an index that misbehave, while a script's import is planned for, downloaded and installed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

import pytest

from tests.faults.conftest import MakePlace
from tests.support.catalogue import Release, stand_in
from tests.support.faults import (
    Cut,
    Drip,
    Fault,
    Garbage,
    Huge,
    Kind,
    LoginPage,
    NoHashes,
    Point,
    Request,
    Response,
    Silent,
    Status,
    Swapped,
    WrongHashes,
    WrongSizes,
    bit_flipped,
    truncated,
)
from tests.support.local_index import LocalIndex

pytestmark = pytest.mark.parametrize("tool", ["uv", "pip"])

PAGES, METADATA, FILES = (frozenset({kind}) for kind in (Kind.PAGE, Kind.METADATA, Kind.FILE))

DATEUTIL = stand_in("python-dateutil", "2.9.0.post0", "dateutil", requires=("six>=1.5",))
OTHER = stand_in("python-dateutil", "2.9.0.post0", "dateutil", "evil", requires=("six>=1.5",))
NEXT = stand_in("python-dateutil", "2.9.1", "dateutil", requires=("six>=1.5",))

# The users' own settings shorten how long a silence is borne; how long a plan may take is the product's alone.
IMPATIENT = {"UV_HTTP_TIMEOUT": "1", "PIP_TIMEOUT": "1"}
SHORT = "from autoinstall.installers import pip, uv; uv.PLAN_LIMIT = pip.PLAN_STALL = 4; "

UNREACHABLE = "cannot be reached: check the network (or proxy), then try again."
UNWELL = "answered with an error: try again later."
STALLED = "was ended because nothing moved any more: check the network, then try again."
NO_PAGE = "answered with something that is no index page."
LOGIN = "either this network wants you to log in first (open any page in a browser)"
GONE = "gave another file than the one that was shown: nothing was installed."
DAMAGED = "gave a file that is damaged or unsafe: nothing was installed."

REFUSED: dict[str, tuple[Fault, str, str]] = {
    "cut at connect": (Cut(Point.CONNECT), UNREACHABLE, UNREACHABLE),
    "cut in the headers": (Cut(Point.HEADERS), UNREACHABLE, UNREACHABLE),
    "cut in a page": (Cut(Point.HALF, PAGES), UNREACHABLE, UNREACHABLE),
    "cut in the metadata": (Cut(Point.HALF, METADATA), UNREACHABLE, UNREACHABLE),
    "cut in a wheel": (Cut(Point.HALF, FILES), UNREACHABLE, UNREACHABLE),
    "500": (Status(500), UNWELL, UNWELL),
    # pip would wait for the hour that it is told of; uv would not.
    "503": (Status(503, retry_after=3600), UNWELL, STALLED),
    "503 for a wheel": (Status(503, FILES, retry_after=3600), UNWELL, STALLED),
    "a page to log in on": (LoginPage(), LOGIN, LOGIN),
    "a page to log in on for a wheel": (LoginPage(FILES), DAMAGED, GONE),
    "garbage": (Garbage(), NO_PAGE, NO_PAGE),
    "300 MB": (Huge(), NO_PAGE, NO_PAGE),
    "silence": (Silent(), UNREACHABLE, UNREACHABLE),
    "silence for a wheel": (Silent(FILES), UNREACHABLE, UNREACHABLE),
    "wrong hashes": (WrongHashes(), GONE, GONE),
    "another file": (Swapped(DATEUTIL.filename, OTHER.build()), GONE, GONE),
    "a truncated wheel": (Swapped(DATEUTIL.filename, truncated(DATEUTIL.build())), DAMAGED, GONE),
    "a bit the other way": (Swapped(DATEUTIL.filename, bit_flipped(DATEUTIL.build())), DAMAGED, GONE),
}


@pytest.mark.parametrize(("fault", "uv_says", "pip_says"), REFUSED.values(), ids=REFUSED)
def test_nothing_is_installed(place: MakePlace, tool: str, fault: Fault, uv_says: str, pip_says: str) -> None:
    here = place(tool)
    here.index.faults = [fault]
    said = uv_says if tool == "uv" else pip_says
    here.run(SHORT if said == STALLED else "", **IMPATIENT).check_refused(said)
    if isinstance(fault, Swapped):  # What the tool has kept of it does no harm later.
        here.index.faults = []
        here.run().check_installed()


def test_a_byte_a_second_is_a_stall(place: MakePlace, tool: str) -> None:
    """Each byte comes in time for the tools, which would go on for ever: the plan's own limit ends them."""
    here = place(tool)
    here.index.faults = [Drip()]
    here.run(SHORT).check_refused(STALLED)


def test_without_hashes_those_of_the_files_are_taken(place: MakePlace, tool: str) -> None:
    here = place(tool)
    here.index.faults = [NoHashes()]
    here.run().check_installed()


def test_wrong_sizes_are_seen_by_uv_and_pip_knows_none(place: MakePlace, tool: str) -> None:
    here = place(tool)
    here.index.faults = [WrongSizes()]
    ran = here.run()
    if tool == "uv":
        ran.check_refused(GONE)
    else:
        ran.check_installed()


ANNOUNCED = """\
import os, urllib.request; from autoinstall.machine import ThisMachine as M; plain = M.carry_out; \
M.carry_out = lambda *a: (urllib.request.urlopen(os.environ["PIP_INDEX_URL"] + "planned/"), plain(*a))[1]; """


@dataclass
class OncePlanned(Fault):
    """Changes the index as soon as the script says that it has its plan."""

    index: LocalIndex
    change: Callable[[LocalIndex], None]

    def answer(self, request: Request, response: Response) -> Response:
        """Change the index, and answer that all is well."""
        if request.project != "planned":
            return response
        self.change(self.index)
        return replace(response, status=HTTPStatus.OK)


def _file(index: LocalIndex) -> None:
    index.publish(Release(OTHER))


def _version(index: LocalIndex) -> None:
    index.withdraw(DATEUTIL.filename)
    index.publish(Release(NEXT))


@pytest.mark.parametrize(
    ("change", "uv_says", "pip_says"),
    [(_file, GONE, GONE), (_version, UNWELL, "pip gave up (exit status 1)")],
    ids=["a file with its hash", "a version"],
)
def test_swapped_between_plan_and_install(
    place: MakePlace, tool: str, change: Callable[[LocalIndex], None], uv_says: str, pip_says: str
) -> None:
    here = place(tool)
    here.index.faults = [OncePlanned(here.index, change)]
    here.run(ANNOUNCED).check_refused(uv_says if tool == "uv" else pip_says)
    assert here.index.downloaded
