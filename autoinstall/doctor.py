"""What `doctor` looks at: this Python, where installs go and how, and what is easily taken for it."""

import os
import re
import shutil
import site
import sys
import sysconfig
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autoinstall import environment, installers, run, target
from autoinstall.activate.pending import works
from autoinstall.activate.places import names_in
from autoinstall.command import Command, Finished
from autoinstall.environment import Environment, Installed, destination, indexes, surroundings
from autoinstall.environment.indexes import Indexes
from autoinstall.environment.interpreters import Interpreter, Look, Role
from autoinstall.errors import BadSettingError
from autoinstall.findings import Finding
from autoinstall.names import ProjectName
from autoinstall.plan import Refusal
from autoinstall.platforms import Platform, here, quoted
from autoinstall.settings import Settings
from autoinstall.text import redacted, size_as_text
from autoinstall.visible import exists, free_space

LITTLE_ROOM = 500_000_000
"""In bytes: with less, an install of everyday size (pandas, scikit-learn) may not find room."""

_LIMIT = 10.0
"""In seconds, for each program that is asked for its version."""

_MOST_NAMED = 6
_CONDAS = ("conda", "mamba", "micromamba", "pixi")


@dataclass(frozen=True, slots=True)
class Doctor:
    """Looks at one environment, for somebody who types in cells (`is_cell`) or in a shell. Changes nothing.

    `settings` gives those in force, and may raise `BadSettingError`. `start` runs a program: `--version` is all that
    any is asked, or where its Python lives.
    """

    settings: Callable[[], Settings]
    is_cell: bool
    environment: Environment = field(default_factory=environment.current)
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    home: Path = field(default_factory=Path.home)
    platform: Platform = field(default_factory=here)
    start: Callable[[Command], Finished] = run.run

    def examine(self) -> Iterator[Finding]:
        """Yield all findings, the most basic first. No network; takes a second or two."""
        yield from self._python()
        settings = yield from self._settings()
        yield from self._place(settings)
        yield from self._path()
        installed = environment.installed()
        yield from self._tools(settings, installed)
        yield from self._indexes()
        yield from self._shell(installed)
        yield from self._others()
        yield from self._halves()

    def _python(self) -> Iterator[Finding]:
        here = self.environment
        build = sys.implementation.name if sys.implementation.name != "cpython" else "Python"
        yield Finding("python", f"{build} {here.python_version}, {here.executable}")
        made = surroundings.made_with(here)
        base = f", made from {here.base_prefix}" if here.is_virtual else ""
        yield Finding("environment", f"{here.prefix}: {made}{base}")
        for sign in surroundings.recognised(here, self.variables):
            yield Finding("environment", sign.name + (f": {sign.remark}" if sign.remark else ""))

    def _settings(self) -> Generator[Finding, None, Settings]:
        try:
            settings = self.settings()
        except BadSettingError as problem:
            yield Finding("settings", str(problem), f"Correct it where it was said: {problem.origin}.")
            return Settings()
        said = ", ".join(f"{name} from {origin}" for name, origin in settings.origins.items())
        yield Finding(
            "settings", f"mode {settings.mode}, installer {settings.installer}" + (f" ({said})" if said else "")
        )
        return settings

    def _place(self, settings: Settings) -> Iterator[Finding]:
        reason = destination.why_not_ours(self.environment)
        if reason is None:
            yield Finding("installs go to", str(self.environment.purelib))
        else:
            yield Finding("installs go to", f"not here: {reason}", self._make_your_own())
            beside = destination.settle(self.environment, settings)
            if not isinstance(beside, Refusal):
                yield Finding("installs go to", f"a folder of your own instead: {beside.environment.prefix}")
        for folder in target.existing():
            yield Finding("installs go to", f"what was put beside this environment is found in {folder}")
        free = free_space(self.environment.purelib)
        if free is not None and reason is None:
            mend = f"Make room, or set another folder ({target.VARIABLE})." if free < LITTLE_ROOM else None
            yield Finding("installs go to", f"{size_as_text(free)} free there", mend)

    def _make_your_own(self) -> str:
        commands = destination.make_your_own(
            self.environment, is_cell=self.is_cell, home=self.home, platform=self.platform
        )
        what = "an environment of your own and a kernel for it" if self.is_cell else "an environment of your own"
        return "\n".join([f"To make {what}, in a terminal:", *commands])

    def _path(self) -> Iterator[Finding]:
        if said := self.variables.get("PYTHONPATH"):
            version = sysconfig.get_python_version()
            strange = [
                entry
                for entry in said.split(os.pathsep)
                if (found := re.search(r"python(3\.\d+)[/\\](?:site|dist)-packages", entry)) and found[1] != version
            ]
            mend = f"Start without PYTHONPATH: {strange[0]} is for another version of Python." if strange else None
            yield Finding("path", f"PYTHONPATH puts {said} before all that is installed", mend)
        why = "by PYTHONNOUSERSITE" if self.variables.get("PYTHONNOUSERSITE") else "as in every virtual environment"
        looked = "is looked in" if site.ENABLE_USER_SITE else f"is not looked in, {why}"
        if site.ENABLE_USER_SITE or self.variables.get("PYTHONNOUSERSITE") or self.environment.is_virtual:
            yield Finding("path", f"the user site ({site.getusersitepackages()}) {looked}")

    def _tools(self, settings: Settings, installed: Mapping[ProjectName, Installed]) -> Iterator[Finding]:
        configuration = indexes.read(self.variables, self.environment.prefix, home=self.home, platform=self.platform)
        shown = set()
        for choice in installers.INSTALLERS:
            if choice == "conda" and not self.environment.is_conda:
                continue
            tool = installers.choose(choice, self.environment, installed, configuration, self.variables)
            if isinstance(tool, Refusal):
                yield Finding("tools", f"{choice}: {tool.sentence}")
                continue
            binary = getattr(tool, "binary", None)
            version = installed[ProjectName(choice)].version if ProjectName(choice) in installed else ""
            if binary is not None:
                version = self._version((str(binary), "--version")) or version
            shown.add(str(binary))
            yield Finding("tools", f"{tool.name} {version}" + (f", {binary}" if binary is not None else ""))
        chosen = installers.choose(settings.installer, self.environment, installed, configuration, self.variables)
        if isinstance(chosen, Refusal):
            mend = (
                "Reinstall autoinstall, which brings uv: python -m pip install --force-reinstall ipython-autoinstall"
            )
            yield Finding("tools", "none of them can be used", mend)
        else:
            yield Finding("tools", f"{chosen.name} plans and installs")
        for name in _CONDAS:
            path = shutil.which(name, path=self.variables.get("PATH", ""))
            if path is not None and path not in shown:
                yield Finding("tools", f"{name} {self._version((path, '--version'))}, {path}")

    def _indexes(self) -> Iterator[Finding]:
        configuration = indexes.read(self.variables, self.environment.prefix, home=self.home, platform=self.platform)
        of_uv, of_pip = (tuple(_sources(one)) for one in (configuration.for_uv(), configuration.for_pip()))
        both = {"uv and pip": of_uv} if of_uv == of_pip else {"uv": of_uv, "pip": of_pip}
        for name, lines in both.items():
            yield from (Finding("index", f"{name}: {line}") for line in lines)
        for problem in configuration.for_uv().problems:
            yield Finding("index", f"cannot be read: {problem}", "Correct this file, or remove it.")

    def _shell(self, installed: Mapping[ProjectName, Installed]) -> Iterator[Finding]:
        look = self._look()
        path = self.variables.get("PATH", "")
        mend = self._install_here(installed)
        seen = set()
        for command in ("python", "python3"):
            if (found := shutil.which(command, path=path)) is None:
                continue
            prefix = self._prefix_of(look.behind_shim(Path(found)))
            if prefix in seen:
                continue
            seen.add(prefix)
            if prefix is None:
                yield Finding("shell", f"{command} is {found}, which does not answer")
            elif _is_same(prefix, self.environment.prefix):
                yield Finding("shell", f"{command} is this Python")
            else:
                own = quoted((str(self.environment.executable), "SCRIPT.py"), self.platform)
                yield Finding(
                    "shell", f"{command} is another Python: {prefix}", f"To run a script with this one: {own}"
                )
        if (found := shutil.which("pip", path=path)) is not None:
            said = self._version((str(look.behind_shim(Path(found))), "--version"), whole=True)
            goes = re.match(r"pip \S+ from (.+)[/\\]pip(?: \(python [\d.]+\))?", said)
            if goes is None:
                yield Finding("shell", f"pip is {found}, which does not answer")
            elif any(_is_same(goes[1], str(folder)) for folder in self._libraries()):
                yield Finding("shell", "pip is this Python's")
            else:
                yield Finding("shell", f"pip is another Python's: it installs into {goes[1]}", mend)
        yield from self._conda(path)

    def _conda(self, path: str) -> Iterator[Finding]:
        found = next((found for name in _CONDAS[:3] if (found := shutil.which(name, path=path))), None)
        if found is None:
            return
        name = Path(found).stem
        # Where none is active, conda and mamba install into the one that they lie in; micromamba lies in none.
        base = str(Path(found).parent.parent) if name != "micromamba" else None
        goes = self.variables.get("CONDA_PREFIX") or base
        if goes is None:
            return
        if _is_same(goes, self.environment.prefix):
            yield Finding("shell", f"{name} installs into this environment")
            return
        mend = f"What {name} installs there is not found here."
        if self.environment.is_conda:
            mend = f"To install here: {quoted((name, 'install', '--prefix', str(self.environment.prefix), 'NAME'))}"
        yield Finding("shell", f"{name} installs into {goes}, not here", mend)

    def _others(self) -> Iterator[Finding]:
        look = self._look()
        server = look.server()
        if server is not None:
            if look.is_this(server):
                yield Finding("server", "the notebook server runs this Python")
            else:
                yield Finding(
                    "server",
                    f"the notebook server runs another Python: {server.prefix}",
                    f"What is installed for it is not found here: {self._install_here(environment.installed())}",
                )
        kernels: dict[Path, Interpreter] = {}
        for kernel in look.kernels():
            if not look.is_this(kernel):
                kernels.setdefault(kernel.prefix, kernel)
        for kernel in list(kernels.values())[:_MOST_NAMED]:
            yield Finding("other kernels", f"{kernel.name or kernel.executable}: {kernel.prefix}")
        if len(kernels) > _MOST_NAMED:
            yield Finding("other kernels", f"and {len(kernels) - _MOST_NAMED} more")
        for folder in look.user_sites():
            if not look.is_this(folder) and any(name.endswith(".dist-info") for name in names_in(folder.prefix)):
                yield Finding(Role.USER_SITE.name.lower().replace("_", " "), f"{folder.prefix} is not looked in here")

    def _halves(self) -> Iterator[Finding]:
        for place in destination.all_of(self.environment):
            for work in works(place):
                pending = work.read()
                names = f" of {pending.transaction.names}" if pending is not None else ""
                finish = quoted(
                    (str(self.environment.executable), "-c", "import autoinstall; autoinstall.enable()"),
                    self.platform,
                )
                yield Finding(
                    "half installed",
                    f"an install{names} that was interrupted, or is under way, in {work.folder}",
                    f"If none is under way, the next start puts it in order: {finish}",
                )
        for library in self._libraries():
            for name in names_in(library):
                if (folder := library / name).suffix == ".dist-info" and not exists(folder / "METADATA"):
                    mend = f"Remove the folder {folder}, then install the project again."
                    yield Finding("half installed", f"{name} has no metadata: another tool was interrupted", mend)
                elif name.startswith("~"):
                    yield Finding("half installed", f"{name} was left by an interrupted pip", f"Remove {folder}.")

    def _install_here(self, installed: Mapping[ProjectName, Installed]) -> str:
        if self.is_cell:
            by_pip = "%pip install NAME, or " if ProjectName("pip") in installed else ""
            return f"To install for this kernel, type in a cell: {by_pip}%autoinstall install NAME"
        ours = quoted((str(self.environment.executable), "-m", "autoinstall", "install", "NAME"), self.platform)
        return f"To install for this Python: {ours}"

    def _look(self) -> Look:
        return Look(self.environment, self.variables, self.home, self.platform)

    def _libraries(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys((self.environment.purelib, self.environment.platlib, *_more_libraries())))

    def _prefix_of(self, executable: Path) -> str | None:
        asked = (str(executable), "-I", "-c", "import sys; print(sys.prefix)")
        return self._version(asked, whole=True) or None

    def _version(self, argv: tuple[str, ...], *, whole: bool = False) -> str:
        """Return what a program says: its version, or its whole first line; empty where it does not answer."""
        finished = self.start(Command(argv, dict(self.variables), stall=_LIMIT, limit=_LIMIT))
        line = finished.output.strip().partition("\n")[0]
        if finished.status != 0 or whole:
            return line if finished.status == 0 else ""
        found = re.search(r"\d+(\.\d+)+\S*", line)
        return found[0] if found else line


def _more_libraries() -> Iterator[Path]:
    """Yield the folders on the path that others install into: Debian's own pip does not lie in purelib."""
    for entry in sys.path:
        if Path(entry).name in ("site-packages", "dist-packages"):
            yield Path(entry)


def _sources(one: Indexes) -> Iterator[str]:
    if one.no_index is not None:
        yield f"no index at all ({one.no_index.origin})"
    else:
        # In the order in which they answer for a project.
        yield from (f"{redacted(said.value)} ({said.origin})" for said in one.extra)
        last = "the index that it comes with"
        if one.index is not None:
            last = f"{redacted(one.index.value)} ({one.index.origin})"
        yield f"{last}, for what none of those above has" if one.extra else last
    for name, each in (
        ("files from", one.find_links),
        ("trusted without a check", one.trusted_hosts),
    ):
        yield from (f"{name} {redacted(said.value)} ({said.origin})" for said in each)
    for name, said in (("proxy", one.proxy), ("certificates", one.certificate), ("keyring", one.keyring)):
        if said is not None:
            yield f"{name} {redacted(said.value)} ({said.origin})"


def _is_same(one: str | Path, other: str | Path) -> bool:
    return os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other))
