"""Hostile text in whatever an index or a wheel controls reaches no screen, nor what is printed as JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from tests.faults.conftest import MakePlace
from tests.support.catalogue import Release
from tests.support.faults import Fault, FileEntry, Kind, Request, Response, Status
from tests.support.wheels import Member, Wheel

if TYPE_CHECKING:
    from tests.conftest import OpenTerminal  # not there on Windows

STEERING = "\x1b[2J\x1b]0;x\x07\u202e\u200b\u2066\x9b"
PROMPT = "Install these 3? [y]es / [n]o"
LINE = f"{STEERING}{PROMPT}{'ha' * 5000}"
TEXT = f"{STEERING}\n{PROMPT}\n{'ha' * 5000}"

MODULES = {"yaml/__init__.py": "VALUE = 1\n"}


def pyyaml(version: str = "6.0.3", **differing: object) -> Wheel:
    return replace(Wheel("PyYAML", version, MODULES), **differing)  # type: ignore[arg-type]  # each test names a field


@dataclass(frozen=True)
class ErrorPage(Fault):
    """Answers with an error that is a page of hostile text."""

    on: frozenset[Kind]

    def answer(self, request: Request, response: Response) -> Response:
        """Answer so."""
        if request.kind not in self.on:
            return response
        unwell = Status(500).answer(request, response)
        return replace(unwell, body=TEXT.encode())


@dataclass(frozen=True)
class HostilePage(Fault):
    """Changes what the page says in JSON."""

    change: Callable[[dict[str, object]], object]

    def answer(self, request: Request, response: Response) -> Response:
        """Change a page in JSON, and only that."""
        if request.kind is not Kind.PAGE or "json" not in response.headers["Content-Type"]:
            return response
        page = json.loads(response.body)
        self.change(page)
        return replace(response, body=json.dumps(page).encode())


@dataclass(frozen=True)
class Hostile(Fault):
    """Says something else about every file."""

    field: str

    def entry(self, entry: FileEntry) -> FileEntry:
        """Say so."""
        return replace(entry, **{self.field: TEXT})  # type: ignore[arg-type]  # a field of text


CASES: dict[str, tuple[Wheel, Fault | None]] = {
    "summary and author": (pyyaml(headers=(f"Summary: {LINE}", f"Author: {LINE}", f"License: {LINE}")), None),
    "requirement": (pyyaml(requires=(LINE,)), None),
    "requirement's address": (pyyaml(requires=(f"six @ https://index.example/{LINE}",)), None),
    "requirement's marker": (pyyaml(requires=(f"six; sys_platform == '{LINE}'",)), None),
    "version": (pyyaml(f"6.0.3+{STEERING}"), None),
    "supported Python": (pyyaml(requires_python=LINE), None),
    "path": (pyyaml(members=(Member(f"yaml/{STEERING}{PROMPT}.py", ""),)), None),
    "path that leaves": (pyyaml(members=(Member(f"../{STEERING}{PROMPT}.py", ""),)), None),
    "path file": (pyyaml(members=(Member("\u202e\u200b\u2066.pth", "import os\n"),)), None),
    "command": (pyyaml(scripts={f"{STEERING}{PROMPT}": "yaml:VALUE"}), None),
    "error page": (pyyaml(), ErrorPage(frozenset({Kind.PAGE}))),
    "error for a wheel": (pyyaml(), ErrorPage(frozenset({Kind.FILE}))),
    "reason of a yank": (pyyaml(), Hostile("yanked")),
    "page's supported Python": (pyyaml(), Hostile("requires_python")),
    "upload time": (pyyaml(), Hostile("upload_time")),
    "address": (pyyaml(), Hostile("url")),
    "file name": (pyyaml(), Hostile("filename")),
    "meta": (pyyaml(), HostilePage(lambda page: page.update(meta={"api-version": TEXT}))),
    "status": (
        pyyaml(),
        HostilePage(
            lambda page: page.update({"project-status": {"status": "quarantined", "reason": TEXT}, "files": []})
        ),
    ),
    "name": (pyyaml(), HostilePage(lambda page: page.update(name=TEXT, versions=[TEXT]))),
}

COMMANDS = (
    ("run", "--mode", "auto", "script.py"),
    ("which", "--json", "yaml"),
    ("scan", "--json", "script.py"),
    ("doctor",),
    ("doctor", "--json"),
    ("history",),
    ("history", "--json"),
)


def check_harmless(said: str) -> None:
    """Require that no character steers a terminal, nothing looks like a question of ours, and nothing is endless."""
    assert not set(STEERING) & {*said} - {*"0;2J[]x"}
    assert PROMPT not in said
    assert "ha" * 200 not in said


@pytest.mark.parametrize("tool", ["uv", "pip"])
@pytest.mark.parametrize(("wheel", "fault"), CASES.values(), ids=CASES)
def test_it_reaches_no_output(place: MakePlace, wheel: Wheel, fault: Fault | None, tool: str) -> None:
    here = place(tool, Release(wheel))
    here.index.faults = [] if fault is None else [fault]
    environment = here.environment
    environment.script("import yaml\n")
    for command in COMMANDS:
        ran = environment.run("-m", "autoinstall", *command)
        if command[0] == "run" and ran.returncode:
            assert "ModuleNotFoundError: No module named 'yaml'" in ran.stderr
        check_harmless(ran.stdout + ran.stderr)
        if "--json" in command:
            check_harmless("".join(str(json.loads(line)) for line in ran.stdout.splitlines()))
        if command[0] == "run" and ran.returncode:
            break  # nothing of it is anywhere that the other commands look at


@pytest.mark.parametrize("tool", ["uv", "pip"])
@pytest.mark.parametrize("case", ["summary and author", "meta", "name", "path"])
def test_it_is_in_no_question(place: MakePlace, open_terminal: "OpenTerminal", case: str, tool: str) -> None:
    wheel, fault = CASES[case]
    here = place(tool, Release(wheel))
    here.index.faults = [] if fault is None else [fault]
    script = here.environment.script("import yaml\n")
    terminal = open_terminal(here.environment, "-m", "autoinstall", "run", str(script))
    question = terminal.wait_for("[d]etails: ")
    terminal.type("d")
    details = terminal.wait_for("[d]etails: ")
    terminal.type("n")
    terminal.finish()
    for said in (question, details, terminal.screen):
        check_harmless(said)
