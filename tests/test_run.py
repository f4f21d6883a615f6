"""Children: what they get, what comes of them, and that none is left, whatever ends them or us."""

import _thread
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from autoinstall.command import Command, Finished, Steps
from autoinstall.run import LONGEST_OUTPUT, Progress, carry_out, run

PATIENCE = 30.0
"""In seconds: how long a test waits for what has to happen before it fails."""


def python(code: str, **fields: object) -> Command:
    """Return a command that runs this interpreter with this code and nothing of our environment."""
    argv = (sys.executable, "-I", "-S", "-c", textwrap.dedent(code))
    environment = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return Command(argv, environment, **fields)  # type: ignore[arg-type]  # each test gives fields of their own type


def until(condition: Callable[[], bool]) -> bool:
    """Wait for a condition, and tell whether it came."""
    deadline = time.monotonic() + PATIENCE
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def is_watched_over(pid: int) -> bool:
    """Tell whether the onlooker is at its place."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return any(b"getppid" in Path(f"/proc/{child}/cmdline").read_bytes() for child in children)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")


def test_status_and_both_outputs_come_back() -> None:
    finished = run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"))
    assert finished == Finished(3, "out\n", "err\n")


def test_a_child_gets_its_environment_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_TARGET", "elsewhere")
    command = python("import json, os; print(json.dumps(dict(os.environ)))")
    told = json.loads(run(command).output)
    temporary = {"TMPDIR", "TEMP", "TMP"}
    assert {name: told[name] for name in command.environment} == dict(command.environment)
    assert told.keys() - command.environment.keys() - temporary <= {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"}


def test_a_child_starts_in_an_empty_folder_with_its_files_which_is_gone_afterwards() -> None:
    code = """
        import os, pathlib, tempfile
        print(os.getcwd())
        print(sorted(os.listdir()))
        print(pathlib.Path("a/b.txt").read_text())
        print(pathlib.Path(tempfile.gettempdir()).parent == pathlib.Path.cwd())
    """
    folder, entries, content, has_own_temporary = run(python(code, files={"a/b.txt": b"text"})).output.splitlines()
    assert (entries, content, has_own_temporary) == ("['.tmp', 'a']", "text", "True")
    assert not Path(folder).exists()


def test_a_child_has_no_standard_input() -> None:
    assert run(python("import sys; print(repr(sys.stdin.read()))")).output == "''\n"


def test_arguments_reach_the_child_as_they_are() -> None:
    odd = "; echo $HOME `id` \"'* \\ %PATH%"
    command = python("import sys; print(sys.argv[1])")
    assert run(Command((*command.argv, odd), command.environment)).output == odd + "\n"


def test_a_program_that_is_not_there_is_an_ending() -> None:
    finished = run(Command(("no-such-program-anywhere",), {}))
    assert (finished.status, finished.ending) == (None, "not found")


def test_output_that_is_no_text_is_decoded_all_the_same() -> None:
    assert run(python(r"import sys; sys.stdout.buffer.write(b'a\xff\xfeb')")).output == "a\ufffd\ufffdb"


def test_output_without_end_is_bounded_and_the_child_runs_on() -> None:
    code = f"""
        import sys
        for _ in range({LONGEST_OUTPUT} // 1_000_000 + 4):
            sys.stdout.write("x" * 1_000_000)
        print("the end", file=sys.stderr)
    """
    finished = run(python(code))
    assert (finished.status, len(finished.output), finished.errors) == (0, LONGEST_OUTPUT, "the end\n")


def test_a_child_in_silence_is_ended() -> None:
    finished = run(python("import time; print('begun', flush=True); time.sleep(600)", stall=0.5))
    assert finished == Finished(None, "begun\n", "", "stalled")


def test_a_child_that_talks_is_not_ended_before_its_limit() -> None:
    code = "import time\nfor _ in range(600):\n    print('.', end='', flush=True); time.sleep(0.1)"
    finished = run(python(code, stall=1.0, limit=3.0))
    assert finished.ending == "stalled"
    assert len(finished.output) > 15  # it was given more than its stall


@pytest.mark.parametrize("where", ["downloads", "watched", "temporary"])
def test_a_child_that_writes_in_silence_is_not_ended(tmp_path: Path, where: str) -> None:
    """As tools do that download without a terminal."""
    folder = tmp_path / ".tmp-made-by-the-child"
    code = f"""
        import os, tempfile, time
        folder = tempfile.gettempdir() if {where == "temporary"} else {str(folder)!r}
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "file"), "wb", buffering=0) as file:
            for _ in range(45):
                file.write(b"x" * 1000)
                time.sleep(0.1)
    """
    fields = {"downloads": {"downloads": (f"{tmp_path}/.tmp*",)}, "watched": {"watched": (str(folder),)}}
    finished = run(python(code, stall=3.0, **fields.get(where, {})))
    assert finished == Finished(0, "", "")


def test_files_that_grow_count_where_they_are_named(tmp_path: Path) -> None:
    """Conda downloads each package beside all others, so that no folder is its own."""
    code = f"""
        import time
        time.sleep(0.3)
        with open({str(tmp_path / "snark-1.0-py_0.conda.partial")!r}, "wb", buffering=0) as file:
            for _ in range(25):
                file.write(b"x" * 1000)
                time.sleep(0.1)
    """
    told: list[Progress] = []
    assert run(python(code, stall=1.5, downloads=(f"{tmp_path}/snark-1.0-py_0*",)), told.append).status == 0
    assert 0 < told[-1].received <= 25_000


def test_growth_of_what_somebody_else_downloads_is_no_sign_of_life(tmp_path: Path) -> None:
    others = tmp_path / ".tmp-older"
    others.mkdir()
    stop = threading.Event()

    def write() -> None:
        with (others / "file").open("wb", buffering=0) as file:
            while not stop.wait(0.05):
                file.write(b"x" * 1000)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        finished = run(python("import time; time.sleep(600)", stall=1.0, downloads=(f"{tmp_path}/.tmp*",)))
    finally:
        stop.set()
        writer.join()
    assert finished.ending == "stalled"


def test_progress_tells_the_last_whole_line_made_harmless_and_the_bytes(tmp_path: Path) -> None:
    code = f"""
        import os, sys, time
        sys.stderr.write("Download"); sys.stderr.flush(); time.sleep(0.05)
        sys.stderr.write("ing \\x1b[31mbig\\nPrep"); sys.stderr.flush()
        os.mkdir({str(tmp_path / ".tmpA")!r})
        with open({str(tmp_path / ".tmpA" / "file")!r}, "wb") as file:
            file.write(b"x" * 5000)
        time.sleep(1.2)
    """
    told: list[Progress] = []
    command = python(code, shows_progress=True, phase="installing", downloads=(f"{tmp_path}/.tmp*",))
    assert run(command, told.append).status == 0
    assert {one.phase for one in told} == {"installing"}
    assert {one.line for one in told if one.line} == {"Downloading \\x1b[31mbig"}
    assert told[-1].received == 5000


def test_carry_out_sends_each_result_and_returns_the_last_word() -> None:
    def steps() -> Steps[str]:
        first = yield python("print('a')")
        second = yield python("print('b')")
        return first.output + second.output

    assert carry_out(steps()) == "a\nb\n"


def test_ctrl_c_ends_the_child_and_is_told_not_raised() -> None:
    def press(progress: Progress) -> None:
        if progress.line == "begun":
            _thread.interrupt_main()

    code = "import sys, time; print('begun', file=sys.stderr, flush=True); time.sleep(600)"
    finished = run(python(code, shows_progress=True), press)
    assert (finished.status, finished.ending) == (None, "interrupted")


@needs_proc
def test_what_a_child_has_started_ends_with_it() -> None:
    """Whether it stalls or leaves a child of its own behind that holds its output open."""
    code = """
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"])
        print(child.pid, flush=True)
    """
    for ending, more in (("stalled", "\ntime.sleep(600)"), ("", "")):
        finished = run(python(textwrap.dedent(code) + more, stall=1.0))
        assert finished.ending == ending
        grandchild = int(finished.output)
        assert until(lambda pid=grandchild: not is_alive(pid))  # type: ignore[misc]


@pytest.fixture
def script_that_runs_a_child(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Start a process of ours that is in the middle of `run`, and tell the child's process id."""
    code = f"""
        import sys
        sys.path[:] = {sys.path!r}
        from autoinstall.command import Command
        from autoinstall.run import run
        child = "import os, time; open({str(tmp_path / "pid")!r}, 'w').write(str(os.getpid())); time.sleep(600)"
        run(Command((sys.executable, "-I", "-S", "-c", child), {{}}, stall=600))
    """
    argv = [sys.executable, "-I", "-S", "-c", textwrap.dedent(code)]
    with subprocess.Popen(argv, text=True, stderr=subprocess.PIPE, start_new_session=True) as parent:
        pid = tmp_path / "pid"
        assert until(lambda: pid.exists() and pid.read_text() != ""), parent.stderr and parent.stderr.read()
        yield parent, int(pid.read_text())
        parent.kill()
        with suppress(ProcessLookupError):
            os.kill(int(pid.read_text()), signal.SIGTERM)  # where the test is red


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_child_ends_when_we_do(
    script_that_runs_a_child: tuple["subprocess.Popen[str]", int], number: signal.Signals
) -> None:
    parent, child = script_that_runs_a_child
    assert is_alive(child)
    assert until(lambda: is_watched_over(parent.pid))
    parent.send_signal(number)
    assert until(lambda: not is_alive(child))
    assert until(lambda: parent.poll() is not None)


def test_it_runs_while_another_thread_imports_and_holds_the_import_lock() -> None:
    """As inside a finder that has released the global lock: somebody else may hold it all the while."""
    import _imp  # noqa: PLC0415 - what the import system itself uses

    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        _imp.acquire_lock()
        held.set()
        release.wait(PATIENCE)
        _imp.release_lock()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(PATIENCE)
        assert run(python("print('done')")).output == "done\n"
        assert not release.is_set()
    finally:
        release.set()
        holder.join()
