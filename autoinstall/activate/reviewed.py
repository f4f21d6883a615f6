"""The reviewed rules about what a wheel may bring: start-up files, commands, and places that configure the tools."""

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from hashlib import sha256
from importlib.resources import files


class Kind(StrEnum):
    """What a rule speaks of; the first column of `reviewed.tsv`, whose head explains each."""

    MODULE = "module"
    PLACE = "place"
    SCRIPT = "script"
    STARTUP = "startup"
    STARTUP_FORM = "startup-form"


@dataclass(frozen=True, slots=True)
class Rule:
    """One reviewed fact: `project` is normalised, `-` for nobody; `reason` completes "because it …"."""

    kind: Kind
    project: str
    pattern: str
    reason: str


# A command is the same command under every platform's spelling: `PIP.EXE`, `pip-script.py`, `pip.cmd`.
_ENDINGS = re.compile(r"(\.(exe|com|bat|cmd|ps1|pyw?|sh|vbs)|-script)$")

# Whatever name stands here is what the whole line is about; the fingerprint is taken of the line without it.
_NAMESPACE = re.compile(r"sys\.modules\.setdefault\('([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)'", re.ASCII)


@cache
def rules() -> tuple[Rule, ...]:
    """Return all rules, in the file's order."""
    text = files("autoinstall.activate").joinpath("reviewed.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(Rule(Kind(kind), project, pattern, reason) for kind, project, pattern, reason in rows)


def is_known_startup(project: str | None, name: str) -> bool:
    """Tell whether this project's start-up file of this name has been read and found to be in order."""
    return any(rule.project == project and rule.pattern == name for rule in rules() if rule.kind is Kind.STARTUP)


def is_known_form(line: str) -> bool:
    """Tell whether a line of a `.pth` file is one that a build tool writes, whatever namespace it speaks of."""
    fingerprint = sha256(_form(line.strip()).encode()).hexdigest()
    return any(rule.pattern == fingerprint for rule in rules() if rule.kind is Kind.STARTUP_FORM)


def guarded_command(name: str, project: str | None) -> str | None:
    """Return why a project may not bring a command of this name, `None` where it may."""
    command = name.casefold().rstrip(". ")
    spellings = {command}
    while (shorter := _ENDINGS.sub("", command)) != command:
        command = shorter
        spellings.add(command)
    for rule in rules():
        is_others = rule.kind is Kind.SCRIPT and rule.project != project
        if is_others and any(fnmatchcase(spelling, rule.pattern) for spelling in spellings):
            return rule.reason
    return None


def guarded_place(path: str, project: str | None = None) -> str | None:
    """Return why a project may not bring this file, `None` where it may; `path` is from the prefix, with `/`."""
    spelling = "/".join(part.rstrip(". ") or part for part in path.casefold().split("/"))
    guarded = (rule for rule in rules() if rule.kind is Kind.PLACE and rule.project != project)
    return next((rule.reason for rule in guarded if fnmatchcase(spelling, rule.pattern)), None)


def guarded_module(path: str, project: str | None) -> str | None:
    """Return why a project may not bring this module, `None` where it may; `path` is from site-packages, with `/`."""
    *folders, name = path.casefold().split("/")
    dotted = ".".join((*folders, name.partition(".")[0])) + "."
    if folders and not folders[0].isidentifier():
        return None
    guarded = (rule for rule in rules() if rule.kind is Kind.MODULE and rule.project != project)
    return next((rule.reason for rule in guarded if dotted.startswith(f"{rule.pattern}.")), None)


def _form(line: str) -> str:
    if (found := _NAMESPACE.search(line)) is None:
        return line
    name = found[1]
    parent, _, child = name.rpartition(".")
    line = line.replace(repr(tuple(name.split("."))), "(…)").replace(repr(name), "'…'")
    return line.replace(f"[{parent!r}], {child!r}", "['…'], '…'") if parent else line
