"""`%autoinstall`: one line magic with sub-commands, their help, and tab completion."""

import difflib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from IPython.core.error import UsageError

from autoinstall import __version__, answers, explanation, findings, platforms, typed
from autoinstall.doctor import Doctor
from autoinstall.errors import AutoinstallError
from autoinstall.hook import Handle
from autoinstall.ipython import markup
from autoinstall.ipython.notebook_file import notebook_file
from autoinstall.ipython.shell import Entry, Shell
from autoinstall.ipython.suggestions import suggestions
from autoinstall.plan import Refusal
from autoinstall.roles import Request
from autoinstall.settings import Mode
from autoinstall.text import printable

_NAME = "autoinstall"
_COMPLETED_AS = f"%{_NAME}"
_JSON = "--json"

_MEANING = {
    Mode.ASK: "a question before anything is installed",
    Mode.AUTO: "no question where the table vouches for a project",
    Mode.OFF: "nothing is installed",
}

_HELP = """See and say what autoinstall does when an import is missing.

%autoinstall
    Show the settings in force, and where installs go.
%autoinstall mode [ask|auto|off]
    Show the mode, or set it for this session. What an administrator or the working folder forbids stays forbidden.
%autoinstall which NAME... [--json]
    Say what provides these import names, and why. Installs nothing, and asks no network.
%autoinstall install NAME... [--project NAME[==VERSION]] [--allow-changes] [--json]
    Install what these import names need, after one question; an earlier no is forgotten. A project's name
    (opencv-python) is recognised. With --project, exactly that project is installed for one import name. With
    --allow-changes, and where nothing else would do, other versions take the place of installed ones: the question
    says which, and %autoinstall undo puts back what was there.
%autoinstall scan [FILE] [--json]
    Show what this notebook (or another one, a script, a folder) imports, and install what is missing after one
    question. What counts is the file as it was last saved. With --json nothing is asked or installed.
%autoinstall history [--json]
    List what autoinstall has installed here, oldest first, with the id of each install.
%autoinstall undo [ID]
    Take back exactly what this kernel's last install added, or the install of this id, whoever made it.
%autoinstall freeze [--json] [FILE]
    Show what autoinstall has installed here as exact versions, or write them into a new file. pip reads it too.
%autoinstall restore FILE
    Install exactly the versions of such a file, after one question.
%autoinstall doctor [--json]
    Look at this Python, where installs go, and what is easily taken for it; say what mends what ails.
With --json, what is answered is one JSON object a line.

For example: %autoinstall install cv2
"""


class CompletionEvent(Protocol):
    """What IPython tells a completer."""

    text_until_cursor: str


class Magic:
    """Registers the magic and its completer on a shell, and carries out what is typed.

    Whatever is typed wrongly raises `UsageError`, which IPython shows as one line that says how it is typed rightly.
    """

    def __init__(self, shell: Shell, handle: Handle) -> None:
        self._handle = handle
        self._shell = shell
        self._commands: dict[str, Callable[[Sequence[str]], None]] = {
            "doctor": self._doctor,
            "freeze": self._freeze,
            "history": self._history,
            "install": self._install,
            "mode": self._mode,
            "restore": self._restore,
            "scan": self._scan,
            "undo": self._undo,
            "which": self._which,
        }

        def magic(line: str) -> None:
            self._carry_out(line)

        magic.__doc__ = _HELP
        self._magic = Entry(shell.magics_manager.magics["line"], _NAME)
        shell.magics_manager.register_function(magic, "line", _NAME)
        self._magic.is_ours()
        self._completer = Entry(shell.strdispatchers["complete_command"].strs, _COMPLETED_AS)
        shell.set_hook("complete_command", self._complete, str_key=_COMPLETED_AS)
        self._completer.is_ours()

    def end(self) -> None:
        """Leave magics and completers as they were found, but for what somebody has put in our place since."""
        self._completer.undo()
        self._magic.undo()

    def _carry_out(self, line: str) -> None:
        try:
            words = platforms.words(line)
        except ValueError as problem:
            raise UsageError(f"%{_NAME}: {problem}") from None
        if not words:
            self._status()
            return
        command = self._commands.get(words[0])
        if command is None:
            raise UsageError(self._no_such_command(words[0]))
        try:
            command(words[1:])
        except AutoinstallError as problem:
            raise UsageError(f"%{_NAME} {words[0]}: {problem}") from None

    def _no_such_command(self, word: str) -> str:
        near = difflib.get_close_matches(word, self._commands, n=1)
        meant = f" did you mean {near[0]}?" if near else ""
        known = ", ".join(self._commands)
        return f"%{_NAME}: there is no sub-command {printable(word, 40)};{meant or f' there are {known}.'}"

    def _status(self) -> None:
        settings = self._handle.session.settings()
        origins = settings.origins
        machine = self._handle.session.machine
        _say(
            f"autoinstall {__version__}",
            f"  mode          {settings.mode} ({_MEANING[settings.mode]}; {origins.get('mode', 'default')})",
            f"  installer     {settings.installer} ({origins.get('installer', 'default')})",
            f"  installs into {printable(machine.place)} (Python {machine.python})",
            f"Sub-commands: {', '.join(self._commands)}; %{_NAME}? tells about them.",
        )

    def _mode(self, words: Sequence[str]) -> None:
        if len(words) > 1:
            raise UsageError(f"%{_NAME} mode takes one of {', '.join(Mode)}")
        if words:
            self._handle.mode = words[0]
        settings = self._handle.session.settings()
        _say(f"mode {settings.mode}: {_MEANING[settings.mode]}")
        if words and settings.mode != self._handle.session.mode:
            _say(f"  {settings.origins['mode']} allows no more than that.")

    def _which(self, words: Sequence[str]) -> None:
        names, is_json = _without(_JSON, words)
        if not names:
            raise UsageError(f"%{_NAME} which takes import names: %{_NAME} which cv2 yaml")
        render = answers.as_json if is_json else explanation.as_text
        _say(*(render(self._handle.session.advise(name)) for name in names))

    def _install(self, words: Sequence[str]) -> None:
        words, allows_changes = _without("--allow-changes", words)
        words, is_json = _without(_JSON, words)
        names, project = _names_and_project(words)
        if not names:
            raise UsageError(f"%{_NAME} install takes import names: %{_NAME} install cv2 yaml")
        wanted = typed.requests(
            names,
            project,
            self._handle.session,
            _tell if is_json else _say,
            is_cell=True,
            allows_changes=allows_changes,
        )
        self._provide(wanted, is_json=is_json)

    def _provide(self, wanted: Sequence[Request], *, is_json: bool = False) -> None:
        for request, outcome in typed.provide_each(wanted, self._handle.provide):
            if is_json:
                _say(typed.as_json(request, outcome))
            elif outcome.note is not None:
                _say(outcome.note)

    def _scan(self, words: Sequence[str]) -> None:
        words, is_json = _without(_JSON, words)
        if len(words) > 1:
            raise UsageError(f"%{_NAME} scan takes one file or folder, or nothing for this notebook")
        file = Path(words[0]) if words else notebook_file(self._shell.user_ns)
        if file is None:
            raise UsageError(
                f"%{_NAME} scan: which file this notebook is kept in is not known: %{_NAME} scan FILE.ipynb"
            )
        from autoinstall.source import scanned, scanning  # noqa: PLC0415 - loads what reading requirements needs

        session = self._handle.session
        found = scanning.scan(file, session.settings())
        if is_json:
            _say(*scanned.as_json(found))
            return
        command = f"%{_NAME}"
        rows = list(scanned.as_rows(found))
        remarks = list(scanned.remarks(found, command))
        self._publish(
            scanned.as_text(found, command=command),
            markup.listing(scanned.HEADINGS, rows, remarks, faint=scanned.IS_THERE) if rows else None,
        )
        self._provide(scanned.requests(found, is_cell=True))

    def _publish(self, text: str, html: str | None) -> None:
        """Show the same twice: a frontend draws what it can, terminals and printed notebooks have the text."""
        if html is None:
            _say(text)
            return
        data = {"text/plain": text, "text/html": html}
        self._shell.display_pub.publish(data=data, metadata={}, transient={}, update=False)

    def _history(self, words: Sequence[str]) -> None:
        rest, is_json = _without(_JSON, words)
        if rest:
            raise UsageError(f"%{_NAME} history takes nothing, or --json")
        from autoinstall.past import history  # noqa: PLC0415 - loads what reading requirements needs

        transactions = self._handle.session.machine.transactions()
        _say(*map(history.as_json if is_json else history.as_text, transactions))
        if not transactions and not is_json:
            _say("autoinstall has installed nothing here.")

    def _undo(self, words: Sequence[str]) -> None:
        if len(words) > 1:
            raise UsageError(f"%{_NAME} undo takes one id, or nothing for this kernel's last install")
        from autoinstall.past import history  # noqa: PLC0415 - the same

        done = self._handle.undisturbed(lambda: history.undo(self._handle.session, *words, is_cell=True))
        if isinstance(done, Refusal):
            _say(f"autoinstall: {done.sentence}.")
        else:
            _say(history.undone_as_text(done, is_cell=True))

    def _freeze(self, words: Sequence[str]) -> None:
        files, is_json = _without(_JSON, words)
        if len(files) > 1 or (files and files[0].startswith("-")):
            raise UsageError(f"%{_NAME} freeze takes one file, or --json, or nothing")
        from autoinstall.past import history  # noqa: PLC0415 - the same

        session = self._handle.session
        frozen = history.freeze(session)
        if not frozen:
            _say("autoinstall has installed nothing here that is installed still.")
            return
        text = history.frozen_as_json(frozen) if is_json else history.frozen_as_text(frozen, session)
        if files:
            history.write(text, Path(files[0]))
            _say(f"Wrote {len(frozen)} exact version{'s' if len(frozen) > 1 else ''} into {printable(files[0])}.")
        else:
            _say(text.rstrip("\n"))

    def _restore(self, words: Sequence[str]) -> None:
        if len(words) != 1:
            raise UsageError(f"%{_NAME} restore takes one file: %{_NAME} restore FILE")
        from autoinstall.past.restore import restore  # noqa: PLC0415 - the same

        outcome = self._handle.undisturbed(lambda: restore(self._handle.session, Path(words[0]), is_cell=True))
        if outcome.note is not None:
            _say(outcome.note)

    def _doctor(self, words: Sequence[str]) -> None:
        rest, is_json = _without(_JSON, words)
        if rest:
            raise UsageError(f"%{_NAME} doctor takes nothing, or --json")
        found = Doctor(self._handle.session.settings, is_cell=True).examine()
        if is_json:
            _say(*map(findings.as_json, found))
        else:
            _say(findings.as_text(found))

    def _complete(self, shell: object, event: CompletionEvent) -> list[str]:
        """Return what can stand where the cursor is."""
        del shell
        return suggestions(event.text_until_cursor, tuple(self._commands), self._ids)

    def _ids(self) -> list[str]:
        return [each.id for each in self._handle.session.machine.transactions() if each.undone is None]


def _without(option: str, words: Sequence[str]) -> tuple[list[str], bool]:
    """Return the words without an option, and whether it was among them."""
    return [word for word in words if word != option], option in words


def _names_and_project(words: Sequence[str]) -> tuple[list[str], str | None]:
    """Return the names and what follows `--project`, wherever it stands."""
    names: list[str] = []
    project = None
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if option == "--project":
            project = value if equals else next(rest, "")
        elif word.startswith("-"):
            known = "only --project NAME[==VERSION], --allow-changes and --json"
            raise UsageError(f"%{_NAME} install has no option {printable(word, 40)}, {known}")
        else:
            names.append(word)
    return names, project


def _say(*lines: str) -> None:
    for line in lines:
        print(line)  # noqa: T201 - the cell's output is the screen


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
