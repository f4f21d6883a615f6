"""conda's back-end as tables: what it asks, what it makes of the answers, where it looks for its command."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from autoinstall.command import Command, Finished, Steps
from autoinstall.environment import Environment, Installed
from autoinstall.environment.conda_meta import Linked
from autoinstall.environment.indexes import Configuration
from autoinstall.installers import InTurn, conda_answers, in_turn
from autoinstall.installers.conda import Conda, found
from autoinstall.installers.conda_answers import Actions, NoAnswer, Record
from autoinstall.names import CondaName, ProjectName, import_name, project_name
from autoinstall.plan import File, Obstacle, Plan, Refusal, Wanted
from autoinstall.platforms import here
from autoinstall.settings import InstallerChoice
from tests.support.installing import bare

CHANNEL = "https://conda.example/channel"
SHA = "ab" * 32
PINNED = "python==3.12.1=h1_0_cpython"

# Answers as they were seen, made short, with made-up names in them.
FETCHED = {
    "build": "py_0",
    "build_number": 0,
    "channel": f"{CHANNEL}/noarch",
    "constrains": [],
    "depends": ["python >=3.9", "boojum>=1,<3"],
    "fn": "snark-1.0-py_0.conda",
    "md5": "cd" * 16,
    "name": "snark",
    "sha256": SHA,
    "size": 4096,
    "subdir": "noarch",
    "timestamp": 1_700_000_000_000,
    "url": f"{CHANNEL}/noarch/snark-1.0-py_0.conda",
    "version": "1.0",
}
IN_SHORT = {
    "base_url": CHANNEL,
    "build_number": 0,
    "build_string": "py_0",
    "channel": "channel",
    "dist_name": "snark-1.0-py_0",
    "name": "snark",
    "platform": "noarch",
    "version": "1.0",
}
SNARK = Linked(CondaName(ProjectName("snark")), "1.0", "py_0")
FILE = File(
    "snark-1.0-py_0.conda",
    FETCHED["url"],  # type: ignore[arg-type]  # a text among other things
    SHA,
    4096,
    datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
    CHANNEL,
)
WHOLE = Record(SNARK, FILE, (CondaName(ProjectName("python")), CondaName(ProjectName("boojum"))))


def answered(answer: object = None, status: int = 0, errors: str = "") -> Finished:
    return Finished(status, "" if answer is None else json.dumps(answer), errors)


def error(name: str, **more: object) -> dict[str, object]:
    return {"exception_name": name, "message": f"{name} said so", "caused_by": "None", **more}


def actions(**groups: Sequence[Mapping[str, object]]) -> dict[str, object]:
    return {"actions": {"PREFIX": "/env", **groups}, "dry_run": True, "prefix": "/env", "success": True}


@pytest.mark.parametrize(
    ("finished", "expected"),
    [
        pytest.param(answered(actions(FETCH=[FETCHED], LINK=[IN_SHORT])), Actions((WHOLE,)), id="conda"),
        pytest.param(answered(actions(LINK=[FETCHED])), Actions((WHOLE,)), id="mamba"),
        pytest.param(answered(actions(LINK=[IN_SHORT])), Actions((Record(SNARK, None),)), id="conda, in its cache"),
        pytest.param(answered(actions(UNLINK=[IN_SHORT])), Actions((), (SNARK,)), id="something would go"),
        pytest.param(
            answered({"message": "All requested packages already installed.", "success": True}),
            Actions(),
            id="nothing to do",
        ),
        pytest.param(Finished(0, "", ""), Actions(), id="an explicit list, of which conda says nothing"),
        pytest.param(
            Finished(0, '{"fetch": "x", "progress": 0.5}\x00' + json.dumps(actions(LINK=[FETCHED])), ""),
            Actions((WHOLE,)),
            id="progress before it",
        ),
        pytest.param(
            answered(actions(LINK=[{**FETCHED, "sha256": "no hash"}])),
            Actions((Record(SNARK, None, WHOLE.depends),)),
            id="no hash",
        ),
        pytest.param(
            answered(error("PackagesNotFoundInChannelsError", packages=["snark"]), 1),
            NoAnswer("PackagesNotFoundInChannelsError said so"),
            id="conda has no such package",
        ),
        pytest.param(
            answered(error("LibMambaUnsatisfiableError"), 1),
            NoAnswer("LibMambaUnsatisfiableError said so"),
            id="conda finds no solution",
        ),
        pytest.param(
            answered({"success": False, "solver_problems": ["nothing provides requested snark"]}, 1, "critical"),
            NoAnswer("nothing provides requested snark"),
            id="mamba finds no solution",
        ),
    ],
)
def test_answers(finished: Finished, expected: Actions | NoAnswer) -> None:
    assert conda_answers.read(finished, "conda") == expected


@pytest.mark.parametrize(
    ("finished", "obstacle", "part"),
    [
        (answered(error("CondaHTTPError", status_code=None, url=CHANNEL), 1), Obstacle.OFFLINE, CHANNEL),
        (answered(error("CondaHTTPError", status_code=503, url=CHANNEL), 1), Obstacle.INDEX_FAILED, CHANNEL),
        (
            answered(error("CondaHTTPError", url="https://ann:secret@conda.example/t/tk-123/channel"), 1),
            Obstacle.OFFLINE,
            "https://conda.example/channel cannot",
        ),
        (answered(error("ProxyError"), 1), Obstacle.OFFLINE, "cannot be reached"),
        (answered(None, 1, "Download error (6) Could not resolve hostname"), Obstacle.OFFLINE, "cannot be reached"),
        (answered(None, 1, "Download error (23) Failed writing"), Obstacle.TOOL_FAILED, "Download error (23)"),
        (answered(error("ChecksumMismatchError"), 1), Obstacle.INDEX_FAILED, "gave another file"),
        (
            answered({"exception_name": "CondaMultiError", "errors": [error("UnknownPackageClobberError")]}, 1),
            Obstacle.UNSAFE,
            "overwrite a file",
        ),
        (answered(error("EnvironmentIsFrozenError"), 1), Obstacle.NOT_WRITABLE, "may not change"),
        (answered(error("NoSpaceLeftError"), 1), Obstacle.DISK_FULL, "no space"),
        (answered(error("CondaToSError"), 1), Obstacle.TOOL_FAILED, "CondaToSError said so"),
        (Finished(None, "", "", "stalled"), Obstacle.STALLED, "nothing moved"),
        (Finished(None, "", "", "interrupted"), Obstacle.INTERRUPTED, "Interrupted"),
    ],
)
def test_errors_are_told_apart_by_their_fields(finished: Finished, obstacle: Obstacle, part: str) -> None:
    refusal = conda_answers.read(finished, "conda")
    assert isinstance(refusal, Refusal)
    assert refusal.obstacle is obstacle
    assert part in refusal.sentence
    assert "secret" not in str(refusal)
    assert "tk-123" not in refusal.sentence


@pytest.mark.parametrize(
    ("finished", "expected"),
    [
        (answered({"snark": [{"version": "1.0"}]}), True),
        (answered(error("PackagesNotFoundError"), 1), False),
        (answered({}), False),
        (answered({"result": {"pkgs": [{"version": "1.0"}]}}), True),
        (answered({"result": {"pkgs": []}}), False),
        (answered(error("CondaHTTPError"), 1), None),
        (answered(None, 1, "critical"), None),
    ],
)
def test_a_search(finished: Finished, expected: object) -> None:
    assert conda_answers.has_any(finished, CondaName(ProjectName("snark"))) is expected


@pytest.mark.parametrize("timestamp", [1_700_000_000, 1_700_000_000_000])
def test_moments_are_in_seconds_or_milliseconds(timestamp: int) -> None:
    found = conda_answers.record({**FETCHED, "timestamp": timestamp})
    assert found is not None
    assert found.file == FILE


# What is asked


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    folder = tmp_path / "base" / "envs" / "env"
    (folder / "conda-meta").mkdir(parents=True)
    (folder / "conda-meta" / "history").touch()
    (folder / "conda-meta" / "python-3.12.1-h1_0_cpython.json").write_text("{}", encoding="utf-8")
    return replace(bare(folder), is_conda=True)


def tool(name: str = "conda") -> Conda:
    known = {"snark": "snark", "boojum": "boojum-cpp", "jub-jub": None}
    return Conda(Path("/base/bin") / name, {"PATH": "/bin", "PYTHONPATH": "/mine", "CONDARC": "/rc"}, known.get)


def drive(steps: Steps[Any], *answers: Finished) -> tuple[list[Command], Any]:  # Any: each back-end's own result
    """Answer each command in turn; what is asked beyond that is a failure of the test."""
    asked: list[Command] = []
    given = iter(answers)
    try:
        asked.append(next(steps))
        while True:
            asked.append(steps.send(next(given)))
    except StopIteration as done:
        assert next(given, None) is None
        return asked, done.value


def planning(one: Conda, environment: Environment, *projects: str, **more: Any) -> Steps[Plan | Refusal]:
    wanted = [Wanted(import_name(project.replace("-", "_")), project_name(project)) for project in projects]
    installed: dict[ProjectName, Installed] = more.pop("installed", {})
    moment = datetime(2023, 11, 20, tzinfo=UTC)
    days = more.pop("min_age_days", None)
    return one.plan(wanted, environment, installed, Configuration(), min_age_days=days, now=moment)


def test_a_plan_is_one_dry_run_that_holds_all_that_is_there(environment: Environment) -> None:
    prefix = str(environment.prefix)
    asked, plan = drive(planning(tool(), environment, "snark"), answered(actions(FETCH=[FETCHED], LINK=[IN_SHORT])))
    [command] = asked
    argv = (str(tool().binary), "install", "--prefix", prefix, "--yes", "--json", "--dry-run", "--file", "wanted.txt")
    assert command.argv == argv
    assert command.files == {"wanted.txt": f"snark\n{PINNED}\n".encode()}
    assert command.environment == {
        "PATH": "/bin",
        "CONDARC": "/rc",
        "CONDA_PREFIX": prefix,
        "CONDA_PATH_CONFLICT": "prevent",
        "CONDA_NUMBER_CHANNEL_NOTICES": "0",
        "NO_COLOR": "1",
    }
    assert isinstance(plan, Plan)
    assert [(item.project, item.version, item.file) for item in plan.items] == [("snark", "1.0", FILE)]
    assert (plan.installer, plan.indexes, plan.is_of_conda) == ("conda", (CHANNEL,), True)


def test_what_cannot_be_had_so_is_asked_for_once_more_with_nothing_held(environment: Environment) -> None:
    answers = (
        answered(error("LibMambaUnsatisfiableError"), 1),
        answered(actions(LINK=[FETCHED], UNLINK=[{**IN_SHORT, "name": "python", "version": "3.12.1"}])),
    )
    asked, refusal = drive(planning(tool(), environment, "snark"), *answers)
    assert [command.files for command in asked] == [
        {"wanted.txt": f"snark\n{PINNED}\n".encode()},
        {"wanted.txt": b"snark\n"},
    ]
    assert refusal.obstacle is Obstacle.CONFLICT
    assert "changing python 3.12.1" in refusal.sentence


def test_an_environment_that_contradicts_itself_is_no_hindrance(environment: Environment) -> None:
    answers = answered(error("LibMambaUnsatisfiableError"), 1), answered(actions(LINK=[FETCHED]))
    _, plan = drive(planning(tool(), environment, "snark"), *answers)
    assert isinstance(plan, Plan)


@pytest.mark.parametrize(
    ("searched", "obstacle"),
    [
        (answered({"result": {"pkgs": []}}), Obstacle.NOT_FOUND),
        (answered({"result": {"pkgs": [{"version": "1.0"}]}}), Obstacle.NO_WHEEL_FOR_THIS_PYTHON),
    ],
)
def test_what_cannot_be_had_at_all_is_searched_for(
    environment: Environment, searched: Finished, obstacle: Obstacle
) -> None:
    no = answered({"success": False, "solver_problems": ["no"]}, 1)
    asked, refusal = drive(planning(tool("mamba"), environment, "boojum"), no, no, searched)
    assert asked[-1].argv[1:] == ("search", "--json", "boojum-cpp")
    assert refusal.obstacle is obstacle


@pytest.mark.parametrize("project", ["jub-jub", "thimble"])
def test_a_project_that_the_table_has_no_conda_name_for_is_not_asked_for(
    environment: Environment, project: str
) -> None:
    asked, refusal = drive(planning(tool(), environment, project))
    assert asked == []
    assert refusal.obstacle is Obstacle.NOT_FOUND


def test_what_is_too_new_is_passed_over(environment: Environment) -> None:
    old = {**FETCHED, "version": "0.9", "timestamp": 1_600_000_000, "url": f"{CHANNEL}/noarch/snark-0.9-py_0.conda"}
    asked, plan = drive(
        planning(tool(), environment, "snark", min_age_days=7),
        answered(actions(LINK=[FETCHED])),
        answered(actions(LINK=[old])),
    )
    assert asked[1].files == {"wanted.txt": f"snark\nsnark!=1.0\n{PINNED}\n".encode()}
    assert [item.version for item in plan.items] == ["0.9"]


def test_what_lies_in_the_cache_is_read_there(environment: Environment, tmp_path: Path) -> None:
    cached = tmp_path / "pkgs" / "snark-1.0-py_0" / "info"
    cached.mkdir(parents=True)
    (cached / "repodata_record.json").write_text(json.dumps(FETCHED), encoding="utf-8")
    caches = answered({"pkgs_dirs": [str(tmp_path / "elsewhere"), str(tmp_path / "pkgs")]})
    asked, plan = drive(planning(tool(), environment, "snark"), answered(actions(LINK=[IN_SHORT])), caches)
    assert asked[1].argv[1:] == ("info", "--json")
    assert [item.file for item in plan.items] == [FILE]


def test_without_a_hash_nothing_is_planned(environment: Environment) -> None:
    answers = answered(actions(LINK=[IN_SHORT])), answered({"pkgs_dirs": []})
    _, refusal = drive(planning(tool(), environment, "snark"), *answers)
    assert "no hash of snark 1.0" in refusal.sentence


def test_exactly_the_plan_is_installed(environment: Environment) -> None:
    _, plan = drive(planning(tool(), environment, "snark"), answered(actions(LINK=[FETCHED])))
    steps = tool("micromamba").install(plan, environment)
    asked, refusal = drive(steps, answered({"package cache": ["/pkgs"]}), Finished(0, "", ""))
    assert refusal is None
    arguments = ("install", "--prefix", str(environment.prefix), "--yes", "--json", "--file", "explicit.txt")
    assert asked[1].argv[1:] == arguments
    assert asked[1].files == {"explicit.txt": f"@EXPLICIT\n{FILE.url}#{SHA}\n".encode()}
    assert asked[1].downloads == ("/pkgs/snark-1.0-py_0*",)
    assert asked[1].limit is None


@pytest.mark.parametrize(("name", "more"), [("conda", ()), ("mamba", ("--no-prune-deps",))])
def test_what_is_removed_is_looked_at_first(environment: Environment, name: str, more: tuple[str, ...]) -> None:
    (environment.prefix / "conda-meta" / f"{SNARK.stem}.json").write_text("{}", encoding="utf-8")
    asked, refusal = drive(
        tool(name).remove([SNARK], environment), answered(actions(UNLINK=[IN_SHORT])), answered(actions())
    )
    assert refusal is None
    prefix = str(environment.prefix)
    arguments = ("remove", "--prefix", prefix, "--yes", "--json", "--offline", *more, "snark==1.0=py_0")
    assert [command.argv[1:] for command in asked] == [(*arguments, "--dry-run"), arguments]


@pytest.mark.parametrize(
    ("answer", "obstacle"),
    [
        (actions(UNLINK=[IN_SHORT, {**IN_SHORT, "name": "boojum"}]), Obstacle.NEEDED),
        (actions(UNLINK=[]), Obstacle.CHANGED),
        (actions(UNLINK=[IN_SHORT], LINK=[{**FETCHED, "name": "boojum"}]), Obstacle.CHANGED),
    ],
)
def test_nothing_else_goes_or_comes_with_what_is_removed(
    environment: Environment, answer: object, obstacle: Obstacle
) -> None:
    (environment.prefix / "conda-meta" / f"{SNARK.stem}.json").write_text("{}", encoding="utf-8")
    asked, refusal = drive(tool().remove([SNARK], environment), answered(answer))
    assert len(asked) == 1
    assert refusal.obstacle is obstacle


# Where the command is looked for, and what is asked after it


def place(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("said", "placed", "expected"),
    [
        pytest.param(
            {"CONDA_EXE": "other/bin/conda"}, ["other/bin/conda", "base/bin/conda"], "other/bin/conda", id="said"
        ),
        pytest.param(
            {"MAMBA_EXE": "other/bin/micromamba"},
            ["other/bin/micromamba"],
            "other/bin/micromamba",
            id="said by mamba",
        ),
        pytest.param(
            {"CONDA_EXE": "gone/conda"}, ["base/condabin/mamba"], "base/condabin/mamba", id="said, but gone"
        ),
        pytest.param({"CONDA_EXE": "other/x"}, ["other/x", "base/bin/conda"], "base/bin/conda", id="something else"),
        pytest.param({}, ["base/bin/mamba", "base/bin/conda"], "base/bin/conda", id="in the base"),
        pytest.param({}, ["base/envs/env/bin/conda"], "base/envs/env/bin/conda", id="the base itself"),
        pytest.param({"PATH": "shell/bin"}, ["shell/bin/micromamba"], "shell/bin/micromamba", id="PATH last"),
        pytest.param({}, [], None, id="nowhere"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="the endings are others there")
def test_the_command(
    environment: Environment, tmp_path: Path, said: dict[str, str], placed: list[str], expected: str | None
) -> None:
    for path in placed:
        place(tmp_path / path)
    variables = {name: str(tmp_path / path) for name, path in said.items()}
    one = found(environment, {}, Configuration(), variables)
    if expected is None:
        assert isinstance(one, Refusal)
    else:
        assert isinstance(one, Conda)
        assert one.binary == tmp_path / expected


def test_the_working_folder_is_not_looked_in(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(tmp_path / "here" / f"conda{here().executable_suffix}")
    monkeypatch.chdir(tmp_path / "here")
    assert isinstance(found(environment, {}, Configuration(), {"PATH": os.pathsep.join(["", "."])}), Refusal)
    assert isinstance(found(environment, {}, Configuration(), {"CONDA_EXE": "conda"}), Refusal)


def test_pixi_keeps_a_list_of_its_own(environment: Environment) -> None:
    variables = {"CONDA_EXE": place(environment.prefix / "bin" / f"conda{here().executable_suffix}")}
    (environment.prefix / "conda-meta" / "pixi").touch()
    one = found(environment, {}, Configuration(), variables)
    assert isinstance(one, Refusal)
    assert "pixi add" in one.sentence


@pytest.mark.parametrize(
    ("choice", "is_conda", "has_conda", "expected", "remark"),
    [
        (InstallerChoice.AUTO, True, True, ["conda", "uv"], ""),
        (
            InstallerChoice.AUTO,
            True,
            False,
            ["uv"],
            "There is no conda, mamba or micromamba at hand. uv installs it, ",
        ),
        (InstallerChoice.AUTO, False, True, ["uv"], ""),
        (InstallerChoice.CONDA, True, True, ["conda"], ""),
        (InstallerChoice.UV, True, True, ["uv"], ""),
        (InstallerChoice.CONDA, True, False, "no conda, mamba or micromamba at hand", ""),
        (InstallerChoice.CONDA, False, True, "is no conda environment", ""),
    ],
)
def test_who_is_asked_in_turn(
    environment: Environment,
    choice: InstallerChoice,
    *,
    is_conda: bool,
    has_conda: bool,
    expected: list[str] | str,
    remark: str,
) -> None:
    command = environment.prefix / "bin" / f"conda{here().executable_suffix}"
    variables = {"CONDA_EXE": place(command)} if has_conda else {}
    one = in_turn(choice, replace(environment, is_conda=is_conda), {}, Configuration(), variables)
    if isinstance(one, InTurn):
        assert [tool.name for tool in one.tools] == expected
        assert one.remark.startswith(remark)
        assert bool(one.remark) == bool(remark)
    else:
        assert isinstance(expected, str)
        assert expected in one.sentence
