"""The command `autoinstall`: the same story as in a notebook, told to a shell."""

import argparse
import codecs
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from autoinstall import __version__, answers, explanation, target, trouble
from autoinstall.advice import advise
from autoinstall.errors import (
    AutoinstallError,
    BadProjectNameError,
    BadRequestError,
    BadSettingError,
    UnreadableSourceError,
    UnwritableOutputError,
)
from autoinstall.plan import Refusal
from autoinstall.provide import Session
from autoinstall.roles import Outcome, Request, Status
from autoinstall.settings import InstallerChoice, Mode, Settings
from autoinstall.trouble import tell as _tell

DONE, NOTHING, WRONG_USAGE, FAILED = range(4)
"""Exit statuses: done, declined or nothing found, wrong usage, an install failed."""

_STATUSES = {
    Status.INSTALLED: DONE,
    Status.PRESENT: DONE,
    Status.DECLINED: NOTHING,
    Status.NOT_OFFERED: NOTHING,
    Status.FAILED: FAILED,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit status; `run` returns or raises what the script does."""
    parsed = _parser().parse_args(arguments)
    in_vain = FAILED if parsed.command in (_install, _restore, _undo) else NOTHING
    try:
        target.restore()
        status: int = parsed.command(parsed)
    except (BadSettingError, BadRequestError, BadProjectNameError, UnreadableSourceError) as problem:
        return _complain(problem, WRONG_USAGE)
    except UnwritableOutputError as lost:
        # Who closes a pipe has read enough.
        return NOTHING if isinstance(lost.problem, BrokenPipeError) else _complain(lost, NOTHING)
    except AutoinstallError as problem:
        return _complain(problem, in_vain)
    except KeyboardInterrupt:
        _have_python_end_in_silence()
        raise
    except Exception as defect:  # noqa: BLE001 - whatever it is, nobody at a shell is helped by our traceback
        _tell(trouble.as_text(defect))
        return in_vain
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autoinstall", description="Install what an import needs, after one question, into this Python."
    )
    parser.add_argument("--version", action="version", version=f"autoinstall {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    which = commands.add_parser("which", help="say what would be done about import names, and why")
    which.add_argument("names", nargs="+", metavar="NAME", help="an import name; - reads them from standard input")
    which.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    which.set_defaults(command=_which)

    install = commands.add_parser("install", help="install what import names need, after one question")
    install.add_argument("names", nargs="+", metavar="NAME", help="an import name, or a project's name")
    install.add_argument("--project", metavar="NAME[==VERSION]", help="the project to install, past the table")
    install.add_argument(
        "--allow-changes",
        action="store_true",
        help="where nothing else would do, replace installed versions by others; the question says which",
    )
    install.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    _add_settings(install)
    install.set_defaults(command=_install)

    scan = commands.add_parser("scan", help="say what scripts and notebooks import, and what of it is missing here")
    scan.add_argument("paths", nargs="+", metavar="PATH", help="a script, a notebook, or a folder of these")
    scan.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    scan.set_defaults(command=_scan)

    history = commands.add_parser("history", help="list what autoinstall has installed here, oldest first")
    history.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    history.set_defaults(command=_history)

    undo = commands.add_parser("undo", help="take back exactly what one install added")
    undo.add_argument("id", nargs="?", metavar="ID", help="which one, as history tells; else this process's last")
    undo.add_argument("--json", action="store_true", help="one JSON object on standard output")
    undo.set_defaults(command=_undo)

    freeze = commands.add_parser("freeze", help="print what autoinstall has installed here as exact versions")
    freeze.add_argument("--json", action="store_true", help="one JSON object a line")
    freeze.set_defaults(command=_freeze)

    restore = commands.add_parser("restore", help="install exactly what freeze has printed, after one question")
    restore.add_argument("file", type=Path, metavar="FILE", help="what freeze has printed, kept in a file")
    restore.add_argument("--json", action="store_true", help="one JSON object on standard output")
    _add_settings(restore)
    restore.set_defaults(command=_restore)

    doctor = commands.add_parser("doctor", help="look at this Python, its surroundings and what may ail them")
    doctor.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    doctor.set_defaults(command=_doctor)

    run = commands.add_parser("run", help="run a script whose missing imports are asked about")
    _add_settings(run)
    run.add_argument("script", metavar="SCRIPT", help="a file of Python")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARG", help="what the script is given")
    run.set_defaults(command=_run, usage_error=run.error)
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mode", choices=list(Mode), help="ask before installing, install without, or never")
    parser.add_argument("--installer", choices=list(InstallerChoice), help="the tool that plans and installs")


def _which(parsed: argparse.Namespace) -> int:
    from autoinstall.advice.facts import current_facts  # noqa: PLC0415 - the other commands need none

    facts = current_facts(path=_path_without_working_folder(), settings=_settings_as_far_as_readable())
    for name in _given(parsed.names):
        advice = advise(name, facts)
        if parsed.json:
            _answer(answers.as_json(advice))
        else:
            _tell(explanation.as_text(advice))
    return DONE


def _settings_as_far_as_readable() -> Settings:
    """Return the settings for an answer, which is given even where some of them cannot be read."""
    return Session().settings(pass_over=lambda problem: _tell(f"autoinstall: passed over: {problem}"))


def _given(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if name != "-":
            yield name
            continue
        for count, line in enumerate(sys.stdin.buffer if sys.stdin is not None else ()):
            # Whatever is there is answered: bytes that are no UTF-8 make a name that is none. PowerShell begins with
            # a byte order mark.
            text = line if count else line.removeprefix(codecs.BOM_UTF8)
            yield text.decode("utf-8", "surrogateescape").rstrip("\r\n")


def _path_without_working_folder() -> list[str]:
    from autoinstall.advice.presence import working_folder  # noqa: PLC0415 - the other commands need none

    here = os.path.realpath(working_folder() or os.devnull)
    return [entry for entry in sys.path if entry and os.path.realpath(entry) != here]


def _install(parsed: argparse.Namespace) -> int:
    from autoinstall import typed  # noqa: PLC0415 - the other commands need none

    session = _session(parsed)
    session.settings()
    wanted = typed.requests(
        parsed.names, parsed.project, session, _tell, is_cell=False, allows_changes=parsed.allow_changes
    )
    statuses = []
    for request, outcome in typed.provide_each(wanted, lambda request: _provide(session, request)):
        statuses.append(_STATUSES[outcome.status])
        if outcome.note is not None:
            _tell(outcome.note)
        if parsed.json:
            _answer(typed.as_json(request, outcome))
    return max(statuses)


def _provide(session: Session, request: Request) -> Outcome:
    try:
        return session.provide(request)
    except Exception as defect:  # noqa: BLE001 - whatever it is, each name that was asked for has its answer
        return Outcome(Status.FAILED, trouble.as_text(defect))


def _scan(parsed: argparse.Namespace) -> int:
    from autoinstall.source import scanned, scanning  # noqa: PLC0415 - the other commands need none

    settings, search = _settings_as_far_as_readable(), _path_without_working_folder()
    found = [scanning.scan(path, settings, search) for path in parsed.paths]
    for each in found:
        if parsed.json:
            for line in scanned.as_json(each):
                _answer(line)
            continue
        _tell(f"{each.path}:")
        _tell(scanned.as_text(each, command="autoinstall"))
        if each.offered:
            _tell(
                f"To install what is missing: autoinstall install {' '.join(one.import_name for one in each.offered)}"
            )
    return DONE if any(each.imports for each in found) else NOTHING


def _history(parsed: argparse.Namespace) -> int:
    from autoinstall.past import history  # noqa: PLC0415 - the other commands need none

    transactions = Session().machine.transactions()
    for each in transactions:
        if parsed.json:
            _answer(history.as_json(each))
        else:
            _tell(history.as_text(each))
    if not transactions:
        _tell("autoinstall has installed nothing here.")
    return DONE if transactions else NOTHING


def _undo(parsed: argparse.Namespace) -> int:
    from autoinstall.past import history  # noqa: PLC0415 - the other commands need none
    from autoinstall.terminal import TerminalScreen  # noqa: PLC0415 - the same

    done = history.undo(Session(screen=TerminalScreen()), parsed.id, is_cell=False)
    if parsed.json:
        _answer(history.undone_as_json(done, parsed.id))
    if isinstance(done, Refusal):
        _tell(f"autoinstall: {done.sentence}.")
        return NOTHING if history.is_declined(done) else FAILED
    _tell(history.undone_as_text(done, is_cell=False))
    return DONE


def _freeze(parsed: argparse.Namespace) -> int:
    from autoinstall.past import history  # noqa: PLC0415 - the other commands need none

    session = Session()
    frozen = history.freeze(session)
    if not frozen:
        _tell("autoinstall has installed nothing here that is installed still.")
        return NOTHING
    text = history.frozen_as_json(frozen) if parsed.json else history.frozen_as_text(frozen, session)
    _answer(text.rstrip("\n"))
    return DONE


def _restore(parsed: argparse.Namespace) -> int:
    from autoinstall.past import restore  # noqa: PLC0415 - the other commands need none

    outcome = restore.restore(_session(parsed), parsed.file, is_cell=False)
    if outcome.note is not None:
        _tell(outcome.note)
    if parsed.json:
        _answer(restore.as_json(parsed.file, outcome))
    return _STATUSES[outcome.status]


def _doctor(parsed: argparse.Namespace) -> int:
    from autoinstall import findings  # noqa: PLC0415 - the other commands need none
    from autoinstall.doctor import Doctor  # noqa: PLC0415 - the same

    found = Doctor(Session().settings, is_cell=False).examine()
    if parsed.json:
        for finding in found:
            _answer(findings.as_json(finding))
    else:
        _tell(findings.as_text(found))
    return DONE


def _run(parsed: argparse.Namespace) -> int:
    import runpy  # noqa: PLC0415 - the other commands may not need it

    from autoinstall import hook  # noqa: PLC0415 - the same

    script = Path(parsed.script)
    if not script.is_file():
        parsed.usage_error(f"there is no script {parsed.script}")
    script = script.absolute()  # as Python has it since 3.9: a script may change the folder
    hook.enable(parsed.mode, parsed.installer)
    sys.argv = [parsed.script, *parsed.arguments]
    if not sys.flags.safe_path:
        sys.path[0] = str(script.resolve().parent)
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit:
        raise
    except BaseException as error:  # shown as Python shows it, from the script's own first frame on
        _show_from(error, script)
        if isinstance(error, KeyboardInterrupt):
            raise
        return 1
    return DONE


def _show_from(error: BaseException, script: Path) -> None:
    # What does not come from within the script, such as that it is no Python, has no frame of interest.
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != str(script):
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def _have_python_end_in_silence() -> None:
    """Let Python end as it does at Ctrl-C, by the signal where there is one, with no traceback of ours."""
    sys.excepthook = lambda *error: None  # noqa: ARG005 - all there is to say has been said


def _session(parsed: argparse.Namespace) -> Session:
    from autoinstall.terminal import TerminalScreen, terminal_asker  # noqa: PLC0415 - the other commands need none

    return Session(parsed.mode, parsed.installer, asker=terminal_asker(), screen=TerminalScreen())


def _answer(line: str) -> None:
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except OSError as problem:
        # Without this Python complains once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise UnwritableOutputError(problem) from problem


def _complain(problem: Exception, status: int) -> int:
    _tell(f"autoinstall: {problem}")
    return status
