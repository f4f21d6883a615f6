"""What scripts and notebooks import, read without running them, and what of it is missing here."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from autoinstall import table
from autoinstall.advice import Advice, Verdict, advise
from autoinstall.advice.facts import current_facts
from autoinstall.advice.presence import look_for
from autoinstall.errors import UnreadableSourceError
from autoinstall.guards import parse
from autoinstall.names import import_name, is_import_name, root
from autoinstall.settings import Settings
from autoinstall.source.ahead import telling_names
from autoinstall.source.authors import Authored, authored
from autoinstall.source.imports import Import, imports_in
from autoinstall.source.magics import imported_by
from autoinstall.source.notebooks import Code, read_notebook
from autoinstall.source.scanned import Imported, Place, Scan, Skipped, State
from autoinstall.visible import exists, is_file, is_folder

_MOST_FILES = 2_000
_MOST_BYTES = 50_000_000

# Folders of installed, generated or kept-aside things: nobody asks what these import.
_NOT_THEIRS = frozenset({"site-packages", "dist-packages", "node_modules", "__pycache__", "__pypackages__"})
_MARKS_OF_AN_ENVIRONMENT = ("pyvenv.cfg", "conda-meta")


@dataclass(slots=True)
class _Found:
    state: State
    advice: Advice
    places: list[Place] = field(default_factory=list)
    authored: list[Authored] = field(default_factory=list)


def scan(path: str | os.PathLike[str], settings: Settings, search: Sequence[str] | None = None) -> Scan:
    """Return what a `.py` or `.ipynb` file imports, or all such files in a folder and below.

    Imports are looked for as if the file's own folder came first on `search` (`sys.path` where it is `None`). In a
    folder, hidden files, installed things and virtual environments are passed over, and at most 2,000 files of 50 MB
    are read. Nothing is run, imported or asked of any network. Raises `UnreadableSourceError` where there is no such
    file or folder, or it is of another kind.
    """
    top = Path(path)
    return _Scanning(top, settings, list(sys.path if search is None else search)).result()


class _Scanning:
    def __init__(self, top: Path, settings: Settings, search: list[str]) -> None:
        self._top = top
        self._settings = settings
        self._search = search
        self._found: dict[tuple[str, State], _Found] = {}
        self._skipped: list[Skipped] = []
        self._judge_of: Callable[[Path], _Judge] = cache(self._new_judge)

    def result(self) -> Scan:
        for count, file in enumerate(self._files()):
            if count >= _MOST_FILES:
                self._skipped.append(Skipped(str(self._top), None, f"only {_MOST_FILES} files of it were read"))
                break
            self._read(file)
        imports = tuple(
            Imported(name, found.state, found.advice, tuple(found.places), tuple(dict.fromkeys(found.authored)))
            for (name, _), found in self._found.items()
        )
        return Scan(str(self._top), imports, tuple(self._skipped))

    def _files(self) -> Iterable[Path]:
        if is_folder(self._top):
            return _files_below(self._top)
        if not exists(self._top):
            raise UnreadableSourceError(self._top, "is not there")
        if self._top.suffix not in _READERS:
            raise UnreadableSourceError(self._top, "is no script (.py), no notebook (.ipynb) and no folder")
        return (self._top,)

    def _read(self, file: Path) -> None:
        try:
            codes = _codes(file)
        except UnreadableSourceError as problem:
            self._skipped.append(Skipped(str(file), None, problem.problem))
            return
        except OSError as problem:
            self._skipped.append(Skipped(str(file), None, problem.strerror or "cannot be read"))
            return
        judge = self._judge_of(file.absolute().parent)
        lines = [one for code in codes for _, command in code.commands for one in authored(command)]
        for code in codes:
            if code.problem is not None:
                self._skipped.append(Skipped(str(file), code.cell, code.problem))
            for found in _imports(code):
                place = Place(str(file), code.cell, found.line + code.offset, found.is_sure, found.is_guarded)
                self._note(found, place, judge, lines)

    def _note(self, found: Import, place: Place, judge: "_Judge", lines: Sequence[Authored]) -> None:
        for name in judge.names(found):
            state, advice = judge.judge(name)
            advice, used = _as_the_author(advice, lines)
            entry = self._found.setdefault((name, state), _Found(state, advice))
            entry.places.append(place)
            entry.authored += used

    def _new_judge(self, folder: Path) -> "_Judge":
        above = [str(self._top.absolute())] if is_folder(self._top) else []
        return _Judge(folder, [str(folder), *above], self._search, self._settings)


class _Judge:
    """Says how it stands with imports that are made by files of one folder."""

    def __init__(self, folder: Path, own: list[str], search: list[str], settings: Settings) -> None:
        facts = current_facts([*own, *search], folder, settings)
        self._own = own
        self._search = search
        self.advise: Callable[[str], Advice] = cache(lambda name: advise(name, facts))

    def names(self, found: Import) -> tuple[str, ...]:
        if found.name.partition(".")[0] in sys.stdlib_module_names:
            return (found.name,)
        return telling_names(found.name, found.from_names, self.advise)

    def judge(self, name: str) -> tuple[State, Advice]:
        advice = self.advise(name)
        if advice.verdict is Verdict.ADVICE:
            return State.ADVICE, advice
        if advice.verdict is not Verdict.INSTALLED:
            return State.MISSING, advice
        if self._lies_beside(name):
            return State.LOCAL, advice
        is_pythons = name.partition(".")[0] in sys.stdlib_module_names
        return State.STANDARD_LIBRARY if is_pythons else State.INSTALLED, advice

    def _lies_beside(self, name: str) -> bool:
        """Tell whether it is a module of their own: Python would find it beside the file, or nowhere else."""
        top = root(import_name(name))
        if top in sys.builtin_module_names:
            return False
        if any(
            is_file(Path(folder, f"{top}.py")) or is_file(Path(folder, top, "__init__.py")) for folder in self._own
        ):
            return True
        return not look_for(top, self._search).is_whole


def _as_the_author(advice: Advice, lines: Sequence[Authored]) -> tuple[Advice, list[Authored]]:
    """Return the advice with the author's own choice proposed, where it is one of the candidates."""
    for line in lines:
        if line.project in advice.candidates:
            proposed = replace(advice, project=line.project) if advice.project is not None else advice
            return proposed, [one for one in lines if one.project == line.project]
    same = table.same_name(advice.import_name.partition(".")[0])
    return advice, [line for line in lines if line.project == same]


def _imports(code: Code) -> Iterator[Import]:
    """Yield what a cell or script imports, by statements and by IPython's own magics."""
    if code.tree is not None:
        yield from (found for found in imports_in(code.tree) if is_import_name(found.name))
    for magic in code.magics:
        for name in imported_by(magic.name, magic.argument):
            yield Import(name, (), magic.line - code.offset, magic.is_sure)


def _codes(file: Path) -> tuple[Code, ...]:
    if file.stat().st_size > _MOST_BYTES:
        raise UnreadableSourceError(file, f"has more than {_MOST_BYTES // 1_000_000} MB")
    return _READERS[file.suffix](file)


def _read_script(file: Path) -> tuple[Code, ...]:
    tree = parse(file.read_bytes())
    return (Code(None, tree, None if tree is not None else "is no Python"),)


_READERS: dict[str, Callable[[Path], tuple[Code, ...]]] = {".ipynb": read_notebook, ".py": _read_script}


def _files_below(top: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(top):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if _is_theirs(here / name))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix in _READERS:
                yield here / name


def _is_theirs(folder: Path) -> bool:
    if folder.name.startswith(".") or folder.name in _NOT_THEIRS or folder.name.endswith((".egg-info", ".dist-info")):
        return False
    return not any(exists(folder / mark) for mark in _MARKS_OF_AN_ENVIRONMENT)
