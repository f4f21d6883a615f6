"""In a kernel: what was installed is told and taken back, and its name may be asked for again."""

import json

import pytest

from tests.kernel.conftest import Desk
from tests.support.kernel import Kernel, Result

pytestmark = pytest.mark.kernel


def files(desk: Desk) -> dict[str, str]:
    """Return every file but autoinstall's own record and lock."""
    return {path: digest for path, digest in desk.environment.files().items() if ".autoinstall/" not in path}


def ok(result: Result) -> str:
    """Return what a cell that ended well has printed or displayed."""
    assert (result.status, result.traceback, result.stderr) == ("ok", "", ""), result
    return result.stdout + "".join(f"{display['text/plain']}\n" for display in result.displays)


def test_an_undo_and_the_same_name_again(desk: Desk) -> None:
    before = files(desk)
    ok(desk.kernel.execute("import scrapy", answers=["y"]))
    assert ok(desk.kernel.execute("%autoinstall undo")) == (
        "Removed scrapy 1.0.\n  Imported already, and usable until the kernel is restarted: scrapy\n"
    )
    assert files(desk) == before
    assert desk.kernel.execute("scrapy.STAND_IN").text == "True"
    # What is still loaded is not what is installed.
    again = desk.kernel.execute("%autoinstall install scrapy", answers=["y"])
    assert again.prompts
    assert "Installed scrapy 1.0." in ok(again)
    assert desk.is_installed("scrapy")
    ok(desk.kernel.execute("%autoinstall undo"))
    # Nor, where nothing has loaded it yet, does the same cell remember it as installed.
    one_cell = (
        "%autoinstall install spacy\n%autoinstall undo\nimport spacy\nn.append(spacy.STAND_IN)\n%autoinstall undo\nn"
    )
    result = desk.kernel.execute(one_cell, answers=["y", "y"])
    assert (result.text, len(result.prompts)) == ("[True]", 2)
    assert files(desk) == before


def test_each_undo_goes_one_further_back_and_never_to_another_kernels(desk: Desk) -> None:
    before = files(desk)
    ok(desk.kernel.execute("import textdistance", answers=["y"]))
    ok(desk.kernel.execute("import zarr", answers=["y"]))
    with Kernel(desk.environment) as other:
        ok(other.execute("%load_ext autoinstall"))
        refused = ok(other.execute("%autoinstall undo"))
        assert refused.startswith("autoinstall: this kernel has installed nothing that could be taken back; ")
        assert desk.is_installed("zarr")
        lines = [json.loads(line) for line in ok(other.execute("%autoinstall history --json")).splitlines()]
        standing = [each for each in lines if each["undone"] is None]
        assert [each["import_names"] for each in standing[-2:]] == [["textdistance"], ["zarr"]]
        assert ok(other.execute(f"%autoinstall undo {standing[-2]['id']}")) == "Removed textdistance 1.0.\n"
    told = ok(desk.kernel.execute("%autoinstall history")).splitlines()
    assert "  textdistance 1.0 (for import textdistance)" in told
    assert told[told.index("  textdistance 1.0 (for import textdistance)") + 2].startswith("  taken back ")
    assert ok(desk.kernel.execute("%autoinstall undo")).startswith("Removed zarr 1.0.\n")
    assert files(desk) == before


def test_frozen_into_a_file_and_restored(desk: Desk) -> None:
    before = files(desk)
    ok(desk.kernel.execute("import yarl", answers=["y"]))
    ok(desk.kernel.execute("%autoinstall freeze kept.txt"))
    kept = desk.environment.work / "kept.txt"
    text = kept.read_text()
    assert "yarl==1.0  # import yarl" in text.splitlines()
    assert ok(desk.kernel.execute("%autoinstall freeze")) == text
    refused = desk.kernel.execute("%autoinstall freeze kept.txt")
    assert "kept.txt is there already: name another file, or remove it" in refused.stderr + refused.traceback
    assert kept.read_text() == text

    ok(desk.kernel.execute("%autoinstall undo"))
    kept.write_text("yarl==1.0  # import yarl\n")
    declined = ok(desk.kernel.execute("%autoinstall restore kept.txt", answers=["n"]))
    assert "autoinstall: kept.txt was not restored: you said no." in declined
    assert files(desk) == before
    restored = desk.kernel.execute("%autoinstall restore kept.txt", answers=["y"])
    assert "Installed yarl 1.0.\nBy hand, where there is a pip: %pip install -r kept.txt\n" in ok(restored)
    assert len(restored.prompts) == 1
    assert desk.is_installed("yarl")
    ok(desk.kernel.execute("%autoinstall undo"))
    assert files(desk) == before


def test_a_hostile_file_does_nothing(desk: Desk) -> None:
    before = files(desk)
    desk.environment.script("xlrd==1.0\n--index-url https://index.example/simple\n", "hostile.txt")
    refused = desk.kernel.execute("%autoinstall restore hostile.txt")
    assert "hostile.txt, line 2: '--index-url https://index.example/simple' is not an exact pin" in (
        refused.stderr + refused.traceback
    )
    assert (refused.prompts, desk.index.asked, files(desk)) == ((), set(), before)
