"""The kinds of name: what follows `import`, what an index calls a project, what conda channels call a package."""

import keyword
import re
from typing import NewType

from autoinstall.errors import BadCondaNameError, BadImportNameError, BadProjectNameError

ImportName = NewType("ImportName", str)
"""What follows `import`: dot-separated ASCII identifiers, checked by `import_name`."""

ProjectName = NewType("ProjectName", str)
"""A project's name as PEP 503 normalises it, made by `project_name`."""

CondaName = NewType("CondaName", ProjectName)
"""What conda channels call a package, made by `conda_name`: it stands for a project's name in plans of conda's."""

LONGEST_IMPORT_NAME = 100
"""In characters. Exceptions can carry any string as `.name`; the longest real one in the facts is shorter."""

LONGEST_PROJECT_NAME = 150
"""In characters. An index and a wheel can write any name; the longest of the 10,000 most used has 55."""

# Identifiers of ASCII letters only: `pandas` with a Cyrillic letter is somebody's trick, never somebody's module.
_IMPORT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)

# The names specification: letters, digits, `.`, `_` and `-`, beginning and ending with a letter or digit.
_PROJECT_NAME = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.ASCII | re.IGNORECASE)

# CEP 26 takes in what channels hold: lower case only, and unlike a project's name it may begin with `_`.
_CONDA_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]*", re.ASCII)


def is_import_name(text: str) -> bool:
    """Tell whether `text` could stand after `import`: well-formed, at most 100 characters, no keyword in it."""
    return (
        len(text) <= LONGEST_IMPORT_NAME
        and _IMPORT_NAME.fullmatch(text) is not None
        and not any(keyword.iskeyword(part) for part in text.split("."))
    )


def import_name(text: str) -> ImportName:
    """Return `text` as an import name, or raise `BadImportNameError`."""
    if not is_import_name(text):
        raise BadImportNameError(text)
    return ImportName(text)


def is_project_name(text: str) -> bool:
    """Tell whether `text` can be a project's name, in whatever spelling: well-formed, at most 150 characters."""
    return len(text) <= LONGEST_PROJECT_NAME and _PROJECT_NAME.fullmatch(text) is not None


def project_name(text: str) -> ProjectName:
    """Return `text` as PEP 503 normalises it (`Ruamel.YAML` is `ruamel-yaml`), or raise `BadProjectNameError`."""
    if not is_project_name(text):
        raise BadProjectNameError(text)
    return ProjectName(re.sub(r"[-_.]+", "-", text).lower())


def conda_name(text: str) -> CondaName:
    """Return `text` as a name on conda channels, or raise `BadCondaNameError`."""
    if _CONDA_NAME.fullmatch(text) is None:
        raise BadCondaNameError(text)
    return CondaName(ProjectName(text))


def root(name: ImportName) -> ImportName:
    """Return the first part: `google` of `google.cloud.storage`."""
    return ImportName(name.partition(".")[0])


def prefixes(name: ImportName) -> tuple[ImportName, ...]:
    """Return the name and its parents, longest first: `a.b.c`, `a.b`, `a`."""
    parts = name.split(".")
    return tuple(ImportName(".".join(parts[:length])) for length in range(len(parts), 0, -1))
