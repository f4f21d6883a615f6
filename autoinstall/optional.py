"""What a library lacks and says only in words: told by the function that raised, looked up in reviewed data."""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.resources import files
from types import FrameType

from autoinstall.advice.facts import said_for, this_system
from autoinstall.advice.presence import look_for
from autoinstall.names import ImportName, ProjectName, import_name, project_name

# What may stand in a sentence out of a frame's variables: a model's or data set's name, nothing that steers.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}", re.ASCII)
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Row:
    """One reviewed fact of `optional.tsv`: who raises for want of what.

    `raised_in` is the function that raises, with its module, or `import NAME` where a compiled module is there and
    cannot be loaded. `where` is what one of the function's variables has to be, or the first of its dotted parts:
    `name=ffmpeg`. Lacking is either `import_name`, which `project` provides where the table would not say so, or
    what `lacks` names (`program:dot`, `program:java@JAVA_HOME`, `library:libGL.so.1`); then `said` is what to do.
    """

    raised_in: str
    where: str
    import_name: str
    project: str
    lacks: str
    said: str
    source: str


@dataclass(frozen=True, slots=True)
class Lack:
    """What an exception's function is known to lack: an import, or something else and what to do about it."""

    import_name: ImportName | None
    project: ProjectName | None
    said: str | None


@cache
def rows() -> Mapping[str, tuple[Row, ...]]:
    """Return the reviewed rows by the function that raises."""
    text = files("autoinstall").joinpath("optional.tsv").read_text(encoding="utf-8")
    found: dict[str, tuple[Row, ...]] = {}
    for line in text.splitlines()[1:]:
        row = Row(*line.split("\t"))
        found[row.raised_in] = (*found.get(row.raised_in, ()), row)
    return found


def lack(exception: BaseException) -> Lack | None:
    """Return what is lacking here that the raising function is known to need, `None` where nothing is known.

    Facts only: the function, its variables, whether the import, the program or the system's library is there. The
    words of the message have no say. A library that the system's loader finds is loaded by that.
    """
    raised_in, variables = _raised_in(exception)
    for row in rows().get(raised_in, ()):
        name, _, value = row.where.partition("=")
        if name and str(variables.get(name)).partition(".")[0] != value:
            continue
        if row.import_name:
            wanted = import_name(row.import_name)
            if not look_for(wanted).is_whole:
                return Lack(wanted, project_name(row.project) if row.project else None, None)
        elif _is_lacking(row.lacks) and (said := _filled(row.said, variables)) is not None:
            return Lack(None, None, said_for(said, this_system()))
    return None


def project_for(name: str, exception: BaseException) -> ProjectName | None:
    """Return the project that is known to provide a missing import where this exception's function asks for it.

    `None`: the table decides. `%load_ext sql` wants an extension; `import sql` may want any file of that name.
    """
    known = lack(exception)
    return known.project if known is not None and known.import_name == name else None


def _raised_in(exception: BaseException) -> tuple[str, Mapping[str, object]]:
    """Return the innermost function that is not the standard library's, and its variables."""
    path = getattr(exception, "path", None)
    if isinstance(exception, ImportError) and isinstance(path, str) and path.endswith(tuple(EXTENSION_SUFFIXES)):
        return f"import {exception.name}", {}
    for frame in reversed(list(_frames(exception))):
        module = frame.f_globals.get("__name__")
        if isinstance(module, str) and module.partition(".")[0] not in sys.stdlib_module_names:
            # In a class body or at a module's top the variables are the namespace itself; nothing is written to it.
            return f"{module}.{frame.f_code.co_qualname}", frame.f_locals
    return "", {}


def _frames(exception: BaseException) -> Iterator[FrameType]:
    traceback = exception.__traceback__
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def _is_lacking(what: str) -> bool:
    kind, _, name = what.partition(":")
    if kind == "program":
        name, _, variable = name.partition("@")
        folders = [os.environ.get("PATH", os.defpath)]
        if variable in os.environ:
            folders.append(os.path.join(os.environ[variable], "bin"))  # noqa: PTH118 - a piece of a search path
        return shutil.which(name, path=os.pathsep.join(folders)) is None
    if kind == "library":
        import ctypes  # noqa: PLC0415 - hardly ever wanted, and some Pythons are built without

        try:
            ctypes.CDLL(name)
        except OSError:
            return True
        return False
    return True


def _filled(sentence: str, variables: Mapping[str, object]) -> str | None:
    """Return the sentence with variables in it, `None` where one is no plain word."""
    for name in _PLACE.findall(sentence):
        value = variables.get(name)
        if not isinstance(value, str) or not _PLAIN.fullmatch(value):
            return None
        sentence = sentence.replace(f"{{{name}}}", value)
    return sentence
