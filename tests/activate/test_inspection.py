"""Hostile wheels of each kind, unpacked by the real tools: refused with the reason, and nothing escapes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from autoinstall.activate import Hazard, inspect, new_staging
from autoinstall.activate.reviewed import guarded_command, guarded_place, is_known_form, rules
from autoinstall.environment import current
from autoinstall.past.transaction import Transaction
from autoinstall.plan import Obstacle, Refusal
from tests.activate.conftest import SNARK, Ground
from tests.support.staging import Tool, plan_of, stage
from tests.support.wheels import Member, RecordFault, Wheel

SITE = current().purelib.relative_to(current().data).as_posix()
GOOD = {"tove.py": "", "tove_data.txt": "x"}
CODE = "import os; os.environ['TOVE'] = 'runs at every start'\n"
# What setuptools writes for a namespace is asked of setuptools; importing it here would patch the standard library.
_WRITE = "import setuptools.namespaces as it; print(it.Installer()._gen_nspkg_line('toves').strip())"
NSPKG = subprocess.run(
    [sys.executable, "-W", "ignore", "-c", _WRITE], capture_output=True, text=True, check=True
).stdout


def tove(*members: Member, data: dict[str, str] | None = None, **modules: str) -> Wheel:
    return Wheel("tove", "1.0", {**GOOD, **modules}, data=data or {}, members=members)


HOSTILE = {
    "record-hash": (Wheel("tove", "1.0", GOOD, record_fault=RecordFault.WRONG_HASH), Hazard.RECORD),
    "record-unlisted": (Wheel("tove", "1.0", GOOD, record_fault=RecordFault.MISSING_LINE), Hazard.RECORD),
    "pth-import": (Wheel("tove", "1.0", {**GOOD, "tove.pth": CODE}), Hazard.STARTUP),
    "pth-import-tab": (Wheel("tove", "1.0", {**GOOD, "tove.pth": "# tove\n\nimport\tos\n"}), Hazard.STARTUP),
    "pth-import-bom": (Wheel("tove", "1.0", {**GOOD, "tove.pth": "\ufeff" + CODE}), Hazard.STARTUP),
    "pth-by-data": (Wheel("tove", "1.0", GOOD, data={"purelib/x.pth": CODE}), Hazard.STARTUP),
    "pth-of-setuptools": (Wheel("tove", "1.0", {**GOOD, "distutils-precedence.pth": CODE}), Hazard.STARTUP),
    "pth-nearly-nspkg": (
        Wheel("tove", "1.0", {**GOOD, "tove-nspkg.pth": NSPKG.replace("mp.append(p)", "mp.append(p);evil()")}),
        Hazard.STARTUP,
    ),
    "pth-elsewhere": (Wheel("tove", "1.0", {**GOOD, "tove.pth": "/tmp\n"}), Hazard.LEAVES),
    "pth-upwards": (Wheel("tove", "1.0", {**GOOD, "tove.pth": "sub/../..\n"}), Hazard.LEAVES),
    "start": (Wheel("tove", "1.0", {**GOOD, "tove.start": "tove:main\n"}), Hazard.STARTUP),
    "sitecustomize": (Wheel("tove", "1.0", {**GOOD, "sitecustomize.py": ""}), Hazard.STARTUP),
    "usercustomize-package": (Wheel("tove", "1.0", {**GOOD, "usercustomize/__init__.py": ""}), Hazard.STARTUP),
    "sitecustomize-extension": (Wheel("tove", "1.0", {**GOOD, "sitecustomize.abi3.so": ""}), Hazard.STARTUP),
    "script-pip": (Wheel("tove", "1.0", GOOD, scripts={"pip": "tove:main"}), Hazard.COMMAND),
    "script-raw-uv": (Wheel("tove", "1.0", GOOD, data={"scripts/uv": "#!python\n"}), Hazard.COMMAND),
    "script-by-data": (Wheel("tove", "1.0", GOOD, data={"data/bin/CONDA.bat": ""}), Hazard.COMMAND),
    "script-at-the-root": (Wheel("tove", "1.0", GOOD, data={"data/python.exe": ""}), Hazard.COMMAND),
    "pyvenv.cfg": (Wheel("tove", "1.0", GOOD, data={"data/pyvenv.cfg": "home = /tmp\n"}), Hazard.PLACE),
    "pip.conf": (Wheel("tove", "1.0", GOOD, data={"data/pip.conf": "[global]\n"}), Hazard.PLACE),
    "conda-meta": (Wheel("tove", "1.0", GOOD, data={"data/conda-meta/tove.json": "{}"}), Hazard.PLACE),
    "conda-activation": (Wheel("tove", "1.0", GOOD, data={"data/etc/conda/activate.d/x.sh": ""}), Hazard.PLACE),
    "jupyter-code": (Wheel("tove", "1.0", GOOD, data={"data/etc/jupyter/jupyter_config.py": ""}), Hazard.PLACE),
    "stdlib-zip": (Wheel("tove", "1.0", GOOD, data={"data/lib/python313.zip": ""}), Hazard.PLACE),
    "stdlib": (Wheel("tove", "1.0", GOOD, data={"data/lib/python3.13/antigravity.py": ""}), Hazard.PLACE),
    "odd-case": (Wheel("tove", "1.0", GOOD, data={f"data/{SITE.title()}/tove.pth": CODE}), Hazard.LEAVES),
    "egg-info": (Wheel("tove", "1.0", {**GOOD, "numpy-9.0.egg-info/PKG-INFO": "Name: numpy\n"}), Hazard.METADATA),
    "over-another's": (Wheel("tove", "1.0", {"snark.py": "print('not the snark')\n"}), Hazard.OVERWRITES),
    "over-nobody's": (Wheel("tove", "1.0", {"mine.py": "print('not mine')\n"}), Hazard.OVERWRITES),
    "over-data": (Wheel("tove", "1.0", GOOD, data={"data/share/snark/map.txt": "forged"}), Hazard.OVERWRITES),
    "over-a-command": (Wheel("tove", "1.0", GOOD, scripts={"snark-hunt": "tove:main"}), Hazard.OVERWRITES),
    "through-a-link": (Wheel("tove", "1.0", {"linked/tove.py": ""}), Hazard.LEAVES),
    "under-a-file": (Wheel("tove", "1.0", GOOD, data={"data/pyvenv.cfg/tove.txt": ""}), Hazard.LEAVES),
    "hides-a-module": (Wheel("tove", "1.0", {"snark/__init__.py": ""}), Hazard.OVERWRITES),
    "hidden-by-a-package": (Wheel("tove", "1.0", {"snarkland.py": ""}), Hazard.OVERWRITES),
}
"""Each is unpacked by both tools without a word."""


def surroundings(ground: Ground) -> dict[str, bytes]:
    """Return all files around the environment, and in it but for autoinstall's own."""
    return {
        str(path): path.read_bytes()
        for path in ground.folder.rglob("*")
        if path.is_file() and not {".autoinstall", "wheels", "__pycache__"} & set(path.parts)
    }


def furnish(ground: Ground) -> None:
    assert isinstance(ground.install(SNARK), Transaction)
    site = ground.environment.purelib
    (site / "mine.py").write_text("print('mine')\n")
    (ground.folder / "outside").mkdir()
    (site / "linked").symlink_to(ground.folder / "outside", target_is_directory=True)


@pytest.mark.parametrize(("wheel", "hazard"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_wheel_is_refused(ground: Ground, wheel: Wheel, hazard: Hazard) -> None:
    furnish(ground)
    before = surroundings(ground)
    with ground.lock():
        found = inspect(ground.stage(wheel), plan_of((wheel,)), ground.environment)
    assert hazard in {objection.hazard for objection in found}
    assert all(str(objection.sentence).startswith(("tove: ", "snark: ", "a wheel: ")) for objection in found)
    refused = ground.install(wheel)
    assert isinstance(refused, Refusal)
    assert refused.obstacle is Obstacle.UNSAFE
    assert "\n" not in refused.sentence
    assert surroundings(ground) == before


def test_a_file_that_conda_keeps_a_record_of_is_conda_s(ground: Ground) -> None:
    """Also one that no distribution lists: conda has libraries of all kinds."""
    records = ground.environment.prefix / "conda-meta"
    records.mkdir()
    site = ground.environment.purelib
    (site / "libsnark.py").write_text("print('of conda')\n")
    path = (site / "libsnark.py").relative_to(ground.environment.prefix).as_posix()
    (records / "libsnark-2.1-h1_0.json").write_text(json.dumps({"files": [path]}), encoding="utf-8")
    refused = ground.install(Wheel("tove", "1.0", {"libsnark.py": "print('of tove')\n"}))
    assert isinstance(refused, Refusal)
    assert "would overwrite a file of libsnark 2.1, which conda installed" in refused.sentence
    assert (site / "libsnark.py").read_text() == "print('of conda')\n"


UNPACKED_OTHERWISE = {
    "leaves-upwards": (tove(Member("../../../../../../../escaped.py")), Hazard.LEAVES),
    "leaves-by-root": (tove(Member("/tmp/autoinstall-escaped.py")), Hazard.LEAVES),
    "leaves-by-data": (tove(data={"data/../../escaped": ""}), Hazard.LEAVES),
    "leaves-by-scripts": (tove(data={"scripts/../../escaped": ""}), Hazard.LEAVES),
    "backslashes": (tove(Member("..\\..\\..\\..\\escaped.py")), Hazard.LEAVES),
    "link": (tove(Member("tove_link", "/etc/passwd", mode=0o120777)), None),
    "record-extra": (Wheel("tove", "1.0", GOOD, record_fault=RecordFault.EXTRA_LINE), Hazard.RECORD),
    "record-missing": (Wheel("tove", "1.0", GOOD, record_fault=RecordFault.NO_RECORD), Hazard.RECORD),
    "script-python": (Wheel("tove", "1.0", GOOD, scripts={"python3.13": "tove:main"}), Hazard.COMMAND),
    "another-dist-info": (
        Wheel("tove", "1.0", {**GOOD, "numpy-9.0.dist-info/METADATA": "Name: numpy\nVersion: 9.0\n"}),
        Hazard.METADATA,
    ),
    "twice": (tove(Member("tove.py", "print('again')")), Hazard.RECORD),
}
"""Each is dealt with by one tool or the other while unpacking: it fails, or leaves that out and mends RECORD."""


@pytest.mark.parametrize("tool", ["uv", "pip"])
@pytest.mark.parametrize(("wheel", "hazard"), UNPACKED_OTHERWISE.values(), ids=UNPACKED_OTHERWISE)
def test_whatever_the_tool_makes_of_it_nothing_escapes(
    ground: Ground, wheel: Wheel, hazard: Hazard | None, tool: Tool
) -> None:
    furnish(ground)
    before = surroundings(ground)
    with ground.lock():
        staging = new_staging(ground.environment)
        done = stage(staging, ground.environment, (wheel,), ground.folder / "wheels", tool)
        found = inspect(staging, plan_of((wheel,)), ground.environment)
    assert surroundings(ground) == before
    assert not Path("/tmp/autoinstall-escaped.py").exists()
    if done.returncode == 0 and found:
        assert hazard in {objection.hazard for objection in found}
    elif done.returncode == 0:
        # What is left is harmless: regular files, each as RECORD says.
        assert isinstance(ground.install(wheel, tool=tool), Transaction)
        added = surroundings(ground).keys() - before.keys()
        assert all(Path(path).is_relative_to(ground.environment.prefix) for path in added)
        assert not any("escaped" in path for path in added)


def test_what_no_wheel_of_the_plan_brought_is_refused(ground: Ground) -> None:
    """The tree itself may be tampered with, or hold what a tool should not have made of a wheel."""
    wheel = tove()
    with ground.lock():
        staging = ground.stage(wheel)
        site = next(staging.rglob("tove.py")).parent
        plan = plan_of((wheel,))
        assert inspect(staging, plan, ground.environment) == ()
        (site / "extra.py").write_text("")
        (site / "link.py").symlink_to("/etc/passwd")
        (site / "tove_data.txt").write_text("changed")
        found = inspect(staging, plan, ground.environment)
    said = sorted((each.hazard, Path(each.path).name) for each in found)
    assert said == [
        (Hazard.RECORD, "extra.py"),
        (Hazard.RECORD, "link.py"),
        (Hazard.RECORD, "tove_data.txt"),
        (Hazard.NOT_A_FILE, "link.py"),
    ]


@pytest.mark.parametrize(
    ("planned", "staged", "sentence"),
    [
        ((tove(),), (tove(), Wheel("gimble", "1.0")), "gimble: gimble-1.0.dist-info is not part of what was planned"),
        ((tove(), Wheel("gimble", "1.0")), (tove(),), "gimble: gimble-1 was not unpacked"),
        (
            (Wheel("tove", "2.0", GOOD),),
            (tove(),),
            "tove: tove-1.0.dist-info says that it is version '1.0', not the planned one",
        ),
    ],
    ids=["more", "less", "other"],
)
def test_what_is_staged_is_what_was_planned(
    ground: Ground, planned: tuple[Wheel, ...], staged: tuple[Wheel, ...], sentence: str
) -> None:
    with ground.lock():
        found = inspect(ground.stage(*staged), plan_of(planned), ground.environment)
    assert [each.sentence for each in found] == [sentence]
    assert found[0].hazard is Hazard.METADATA


def test_two_wheels_that_claim_one_path_are_refused(ground: Ground) -> None:
    one = Wheel("tove-one", "1.0", {"toves.py": "one = 1\n"})
    two = Wheel("tove-two", "1.0", {"toves.py": "two = 2\n"})
    refused = ground.install(one, two)
    assert isinstance(refused, Refusal)
    assert "is claimed by" in refused.details


def test_a_project_that_is_installed_is_not_installed_again(ground: Ground) -> None:
    ground.install(Wheel("tove", "0.9", {"old_tove.py": ""}))
    refused = ground.install(tove())
    assert isinstance(refused, Refusal)
    assert refused.sentence == (
        "not installed, since tove: tove-0.9.dist-info is there already: it is installed here, or a broken install "
        "left this folder; nothing was changed"
    )


FINE = {
    "jupyter": Wheel("tove", "1.0", GOOD, data={"data/etc/jupyter/nbconfig/notebook.d/tove.json": "{}"}),
    "share": Wheel("tove", "1.0", GOOD, data={"data/share/man/man1/tove.1": "", "data/share/jupyter/tove/x.js": ""}),
    "library": Wheel("tove", "1.0", GOOD, data={"data/lib/libtove.so": "", "data/include/tove.h": ""}),
    "sloppy-root": Wheel("tove", "1.0", GOOD, data={"data/README.md": "", "data/LICENSE": ""}),
    "completion": Wheel(
        "tove", "1.0", GOOD, scripts={"python-tove-register": "tove:main", "activate-tove": "tove:m"}
    ),
    "path-below": Wheel("tove", "1.0", {**GOOD, "tove.pth": "# more\ntove_more\n", "tove_more/x.py": ""}),
    "nspkg": Wheel("tove", "1.0", {"toves/tove.py": "", "tove-1.0-py3.11-nspkg.pth": NSPKG}),
    "setuptools": Wheel("setuptools", "84.2.1", {"setuptools.py": "", "distutils-precedence.pth": CODE}),
    "coverage": Wheel("coverage", "7.17.3", {"coverage.py": "", "a1_coverage.pth": CODE}),
    "pip": Wheel("pip", "26.3", {"pip.py": ""}, scripts={"pip": "pip:main", "pip3.11": "pip:main"}),
    "shadow-of-stdlib": Wheel("tove", "1.0", {"asyncore.py": "", "enum34.py": ""}),
    "normalised": Wheel("Tove.Gyre_Gimble", "1.0.post0", {"gyre.py": ""}),
    "signed": Wheel("tove", "1.0", GOOD, members=(Member("tove-1.0.dist-info/RECORD.jws", "{}", recorded=False),)),
}


@pytest.mark.parametrize("wheel", FINE.values(), ids=FINE)
def test_what_is_normal_is_let_pass(ground: Ground, wheel: Wheel) -> None:
    assert isinstance(ground.install(wheel), Transaction)


def test_text_from_a_wheel_cannot_steer_the_screen(ground: Ground) -> None:
    name = "\x1b[2Jtove\u202e" + "x" * 180 + ".start"
    wheel = Wheel("tove", "1.0", {**GOOD, name: ""})
    refused = ground.install(wheel, tool="pip")
    assert isinstance(refused, Refusal)
    assert refused.sentence.isprintable()
    assert len(refused.sentence) < 400


@pytest.mark.parametrize(
    ("name", "project", "is_guarded"),
    [
        ("python", "tove", True),
        ("Python.EXE", "tove", True),
        ("python3.14t", "tove", True),
        ("pythonw.exe", "tove", True),
        ("pip", "tove", True),
        ("PIP3.11.cmd", "tove", True),
        ("pip-script.py", "tove", True),
        ("pip3.exe. ", "tove", True),
        ("uvx.ps1", "tove", True),
        ("activate.fish", "tove", True),
        ("Activate.ps1", "tove", True),
        ("pip", "pip", False),
        ("uv.exe", "uv", False),
        ("easy_install-3.11", "setuptools", False),
        ("pipx", "pipx", False),
        ("python-argcomplete-tcsh", "argcomplete", False),
        ("pythonize", "tove", False),
        ("uvicorn", "uvicorn", False),
    ],
)
def test_a_command_is_the_same_in_every_spelling(name: str, project: str, is_guarded: bool) -> None:  # noqa: FBT001
    assert (guarded_command(name, project) is not None) is is_guarded


@pytest.mark.parametrize(
    ("path", "is_guarded"),
    [
        ("pyvenv.cfg", True),
        ("PyVenv.CFG", True),
        ("pip.ini", True),
        ("conda-meta/history", True),
        ("lib/python3.12/os.py", True),
        ("lib64/python3.12/lib-dynload/x.so", True),
        ("python312._pth", True),
        ("python312.dll", True),
        ("etc/jupyter/jupyter_server_config.d/tove.json", False),
        ("etc/jupyter/jupyter_server_config.py", True),
        ("share/pip.conf", False),
        ("share/jupyter/labextensions/tove/package.json", False),
        ("Library/bin/tove.dll", False),
    ],
)
def test_a_place_is_the_same_in_every_spelling(path: str, is_guarded: bool) -> None:  # noqa: FBT001
    assert (guarded_place(path) is not None) is is_guarded


def test_the_reviewed_facts_are_sorted_and_each_has_a_reason() -> None:
    found = [(rule.kind.value, rule.project, rule.pattern) for rule in rules()]
    assert found == sorted(found)
    assert len(set(found)) == len(found)
    assert all(len(rule.reason) > 5 for rule in rules())


def test_a_known_form_holds_for_any_namespace_and_nothing_else() -> None:
    assert is_known_form(NSPKG)
    assert is_known_form(NSPKG.replace("'toves'", "'other'"))
    assert not is_known_form(NSPKG.replace("import sys", "import evil, sys"))
    assert not is_known_form(NSPKG.replace("*('toves',)", "*('..', 'toves')"))


def test_an_environment_on_a_case_insensitive_disk_is_asked_itself(ground: Ground) -> None:
    """Whether `Snark.py` is `snark.py` is the file system's to say."""
    furnish(ground)
    is_insensitive = (ground.environment.purelib / "SNARK.py").exists()
    wheel = Wheel("tove", "1.0", {"SNARK.py": "print('other')\n"})
    outcome = ground.install(wheel)
    assert isinstance(outcome, Refusal) is is_insensitive


if sys.platform == "win32":
    pytest.skip("links need a right that Windows users seldom have", allow_module_level=True)
