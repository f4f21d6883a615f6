"""One project observed where all is well: which wheel is opened, how, and what it says about its names."""

from collections.abc import Callable

import pytest

from data.observer.observe import Ending
from data.observer.remote import LARGEST_WHOLE, TAIL
from tests.support.catalogue import Release
from tests.support.faults import Kind, Status
from tests.support.local_index import LocalIndex
from tests.support.observing import NoRanges, NoSizes, direct_and_prompt, see, snark
from tests.support.wheels import Member, RecordFault, Sdist, Wheel

Serve = Callable[..., LocalIndex]


@pytest.fixture(autouse=True)
def _direct_and_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    direct_and_prompt(monkeypatch)


def test_a_large_wheel_is_read_from_its_end_only(make_index: Serve) -> None:
    release = Release(snark(padding=3_000_000))
    index = make_index(release)
    seen = see(index)
    assert (seen.ending, seen.source, seen.names) == ("observed", "RECORD", ("boojum", "snark"))
    assert (seen.wheel, seen.requests) == (release.filename, 3)  # the page, METADATA, the tail
    assert TAIL < seen.received < TAIL + 2_000


def test_an_index_without_sizes_costs_one_request_more(make_index: Serve) -> None:
    index = make_index(Release(snark(padding=100_000)))
    index.faults = [NoSizes()]
    seen = see(index)
    assert (seen.ending, seen.names, seen.requests) == ("observed", ("boojum", "snark"), 4)


def test_an_index_that_speaks_only_html(make_index: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.observer.page.ACCEPT_JSON_PREFERRED", "text/html")
    seen = see(make_index(Release(snark())))
    assert (seen.ending, seen.names, seen.requests) == ("observed", ("boojum", "snark"), 4)


def test_a_directory_longer_than_the_tail(make_index: Serve) -> None:
    modules = {f"snark/module_of_a_rather_long_name_{number}.py": "" for number in range(1_000)}
    index = make_index(Release(Wheel("snark", "1.0", modules | {"egg.py": ""}, padding=100_000)))
    seen = see(index)
    assert (seen.ending, seen.names) == ("observed", ("egg", "snark"))
    assert seen.requests == 5  # the directory's beginning, and RECORD, lie before the tail


@pytest.mark.parametrize("has_metadata", [True, False])
@pytest.mark.parametrize(
    ("headers", "names", "namespaces"),
    [
        (("Import-Name: snark", "Import-Namespace: jub"), ("snark",), ("jub",)),
        (("Import-Name: snark", "Import-Name: _snark ; private"), ("snark",), ()),
        (("Import-Name:",), (), ()),
    ],
)
def test_what_the_author_declares_comes_first(
    make_index: Serve,
    headers: tuple[str, ...],
    names: tuple[str, ...],
    namespaces: tuple[str, ...],
    *,
    has_metadata: bool,
) -> None:
    """PEP 794, by METADATA beside the wheel (PEP 658) or, where the index has none, inside it."""
    index = make_index(Release(snark(headers=headers), has_metadata=has_metadata))
    seen = see(index)
    assert (seen.source, seen.names, seen.namespaces) == ("Import-Name", names, namespaces)
    assert bool(index.downloaded) is not has_metadata


def test_metadata_that_is_promised_and_not_there(make_index: Serve) -> None:
    index = make_index(Release(snark()))
    index.faults = [Status(404, on=frozenset({Kind.METADATA}))]
    assert see(index).names == ("boojum", "snark")


@pytest.mark.parametrize(
    "text",
    [
        "__path__ = __import__('pkgutil').extend_path(__path__, __name__)",
        "import pkg_resources as p\np.declare_namespace(__name__)",
    ],
)
def test_a_legacy_namespace_is_known_by_its_init(make_index: Serve, text: str) -> None:
    modules = {"jub/__init__.py": text, "jub/nest/__init__.py": ""}
    index = make_index(Release(Wheel("jub-nest", "1.0", modules)))
    seen = see(index, "jub-nest")
    assert (seen.names, seen.namespaces) == (("jub.nest",), ("jub",))


def test_a_package_that_shares_nothing_keeps_its_name(make_index: Serve) -> None:
    modules = {"jub/__init__.py": "VERSION = 1", "jub/nest/__init__.py": ""}
    index = make_index(Release(Wheel("jub-nest", "1.0", modules)))
    assert see(index, "jub-nest").names == ("jub",)


def test_a_legacy_namespace_is_known_by_setuptools_list(make_index: Serve) -> None:
    listed = Member("other-1.0.dist-info/namespace_packages.txt", "jub\n")
    index = make_index(Release(Wheel("other", "1.0", {"jub/__init__.py": "x", "jub/egg.py": ""}, members=(listed,))))
    assert see(index, "other").names == ("jub.egg",)


def test_a_pth_file_puts_folders_on_the_path(make_index: Serve) -> None:
    pth = "# a comment\nwin32\nwin32\\lib\nimport os\n../elsewhere\n"
    index = make_index(
        Release(Wheel("snark", "1.0", {"snark.pth": pth, "win32/api.pyd": "", "win32/lib/con.py": ""}))
    )
    assert see(index).names == ("api", "con", "lib.con", "win32.api", "win32.lib.con")


def test_top_level_stands_in_for_a_missing_record(make_index: Serve) -> None:
    listed = Member("snark-1.0.dist-info/top_level.txt", "snark\nboojum\n")
    index = make_index(Release(snark(members=(listed,), record_fault=RecordFault.NO_RECORD)))
    seen = see(index)
    assert (seen.source, seen.names) == ("top_level.txt", ("boojum", "snark"))


def test_what_record_lists_and_the_wheel_does_not_hold_is_no_fact(make_index: Serve) -> None:
    index = make_index(Release(snark(record_fault=RecordFault.EXTRA_LINE)))
    assert see(index).names == ("boojum", "snark")


@pytest.mark.parametrize(
    ("releases", "wheel"),
    [
        pytest.param(["snark-1.0-py3-none-any", "snark-2.0-py3-none-any"], "snark-2.0-py3-none-any", id="newest"),
        pytest.param(
            ["snark-9.0-py3-none-any", "snark-10.0-py3-none-any"], "snark-10.0-py3-none-any", id="not by text"
        ),
        pytest.param(
            ["snark-1.0-py3-none-any", "snark-2.0rc1-py3-none-any"], "snark-1.0-py3-none-any", id="final first"
        ),
        pytest.param(["snark-2.0rc1-py3-none-any"], "snark-2.0rc1-py3-none-any", id="nothing but pre-releases"),
        pytest.param(
            ["snark-1.0-py3-none-any", "snark-2.0-py2-none-any"], "snark-1.0-py3-none-any", id="not Python 2"
        ),
        pytest.param(
            ["snark-1.0-cp313-cp313-win_amd64", "snark-1.0-cp39-cp39-manylinux_2_17_x86_64"],
            "snark-1.0-cp39-cp39-manylinux_2_17_x86_64",
            id="Linux first",
        ),
        pytest.param(
            ["snark-1.0-cp39-cp39-win_amd64", "snark-1.0-cp313-cp313-win_amd64"],
            "snark-1.0-cp313-cp313-win_amd64",
            id="newest interpreter",
        ),
    ],
)
def test_which_wheel_is_opened(make_index: Serve, releases: list[str], wheel: str) -> None:
    made = []
    for name in releases:
        _, version, tag = name.split("-", 2)
        made.append(Release(Wheel("snark", version, {"snark.py": ""}, tag=tag)))
    assert see(make_index(*made)).wheel == f"{wheel}.whl"


@pytest.mark.parametrize(
    ("releases", "status", "reason"),
    [
        ([Release(Sdist("snark"))], None, "active"),
        ([Release(snark(), yanked="")], None, "active"),
        ([Release(snark())], "quarantined", "quarantined"),
    ],
)
def test_no_wheel_is_an_answer(make_index: Serve, releases: list[Release], status: str | None, reason: str) -> None:
    index = make_index(*releases)
    if status is not None:
        index.set_status("snark", status)
    seen = see(index)
    assert (seen.ending, seen.reason, seen.names, index.downloaded) == (Ending.NO_WHEEL, reason, (), set())


def test_a_project_that_the_index_does_not_know(make_index: Serve) -> None:
    assert see(make_index(Release(snark())), "boojum").ending is Ending.ABSENT


@pytest.mark.parametrize("size", [10, LARGEST_WHOLE - 5_000])
def test_without_ranges_a_small_wheel_is_read_whole(make_index: Serve, size: int) -> None:
    release = Release(snark(padding=size))
    index = make_index(release)
    index.faults = [NoRanges(release.content())]
    seen = see(index, most_bytes=LARGEST_WHOLE + 10_000)
    assert (seen.ending, seen.names, seen.requests) == ("observed", ("boojum", "snark"), 3)


def test_without_ranges_a_big_wheel_is_left_alone(make_index: Serve) -> None:
    release = Release(snark(padding=LARGEST_WHOLE))
    index = make_index(release)
    index.faults = [NoRanges(release.content())]
    seen = see(index)
    assert (seen.ending, seen.received < 10_000) == (Ending.REFUSED, True)
    assert "ignores ranges" in str(seen.reason)
