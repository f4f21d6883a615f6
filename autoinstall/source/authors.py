"""What the author of a notebook installed: projects read from the `pip` and `conda` lines in it."""

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement

from autoinstall.errors import BadProjectNameError
from autoinstall.names import ProjectName, project_name

Tool = Literal["pip", "conda"]

# Python as a shell, a notebook's author (`{sys.executable}`) and Windows call it, before `-m pip`.
_PYTHON = re.compile(r"(.*[/\\])?(python[0-9.]*|py)(\.exe)?|\{sys\.executable\}|\$sys\.executable|\$\{?PYTHON\}?")
_PIP = re.compile(r"(.*[/\\])?pip[0-9.]*(\.exe)?")
_CONDA = re.compile(r"(.*[/\\])?(conda|mamba|micromamba)(\.exe|\.bat)?")

# Options whose value is a word of its own, by pip 26, uv 0.13 and conda 26: none of these words is a project.
_PIP_OPTIONS = """
-r --requirement --requirements -c --constraint --constraints -e --editable -t --target -i --index-url
--extra-index-url --index --default-index -f --find-links --platform --python-version --implementation --abi
--root --prefix --src --upgrade-strategy -C --config-settings --config-setting --global-option --no-binary
--only-binary --progress-bar --report --root-user-action --group --python -p --log --proxy --retries --timeout
--exists-action --trusted-host --allow-insecure-host --cert --client-cert --cache-dir --use-feature
--use-deprecated --keyring-provider --uploaded-prior-to --exclude-newer --build-constraint --override
--resolution --prerelease --link-mode --index-strategy -P --upgrade-package --refresh-package
"""
_CONDA_OPTIONS = """
-n --name -p --prefix -c --channel --file -f --revision --solver --repodata-fn --subdir --platform
"""

# A conda spec, `channel::name=version=build` or with `>=`: its name and what follows.
_CONDA_SPEC = re.compile(r"(?:[\w./-]+::)?(?P<name>[A-Za-z0-9][\w.-]*)(?P<version>[\s=<>!~].*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Authored:
    """One project that an author's line installs; `version` is what the line asks for, such as `==1.4`, or empty.

    It tells what was once used, on another machine: evidence for a choice, never a thing to install as it stands.
    """

    project: ProjectName
    version: str
    tool: Tool


def authored(command: str) -> Iterator[Authored]:
    """Yield the projects that a shell's line, or a magic's such as `pip install x`, installs.

    Options, URLs, files, folders and variables are left out: a project counts by its name alone. A line that does
    something else, or that no shell could read, yields nothing.
    """
    for words in _commands(command):
        tool, arguments = _installed_by(words)
        for word in arguments:
            found = _from_pip(word) if tool == "pip" else _from_conda(word)
            if found is not None:
                yield found


def _commands(line: str) -> Iterator[list[str]]:
    """Yield the simple commands of a shell's line, split into words."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    words: list[str] = []
    try:
        for word in lexer:
            if set(word) <= {";", "&", "|"}:
                yield words
                words = []
            else:
                words.append(word)
    except ValueError:  # a quotation without an end
        return
    yield words


def _installed_by(words: list[str]) -> tuple[Tool, Iterable[str]]:
    """Return which tool installs, and the words that may be projects."""
    while words and (words[0] in ("sudo", "time", "-H") or re.fullmatch(r"\w+=.*", words[0])):
        words = words[1:]
    match words:
        case [python, "-m", "pip", *rest] if _PYTHON.fullmatch(python):
            words = ["pip", *rest]
        case ["uv", "pip", *rest]:
            words = ["pip", *rest]
        case ["uv", "add", *rest]:
            words = ["pip", "install", *rest]
    match words:
        case [tool, *rest] if _PIP.fullmatch(tool) and "install" in rest:
            return "pip", _without_options(rest[rest.index("install") + 1 :], _PIP_OPTIONS)
        case [tool, *rest] if _CONDA.fullmatch(tool) and "install" in rest:
            return "conda", _without_options(rest[rest.index("install") + 1 :], _CONDA_OPTIONS)
    return "pip", ()


def _without_options(words: Iterable[str], with_value: str) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word in with_value.split():
            next(rest, None)
        elif not word.startswith(("-", "#", ">", "<", "2>")):
            yield word


def _from_pip(word: str) -> Authored | None:
    try:
        requirement = Requirement(word)
    except InvalidRequirement:
        return None
    if requirement.url is not None:
        return None
    return Authored(project_name(requirement.name), str(requirement.specifier), "pip")


def _from_conda(word: str) -> Authored | None:
    match = _CONDA_SPEC.fullmatch(word)
    if match is None:
        return None
    try:
        return Authored(project_name(match["name"]), (match["version"] or "").strip(), "conda")
    except BadProjectNameError:
        return None
