"""The test ground's environments, kernels and terminals: real ones, and no test's business touches another's."""

import json
import os
from pathlib import Path

import pytest

from tests.conftest import FreshEnvironment, StartKernel
from tests.support.environments import KERNEL_BASES, clone, differences, stamps
from tests.support.kernel import END_OF_FILE, Answer
from tests.support.local_index import LocalIndex
from tests.support.wheels import Wheel

WHERE = "import sys, json; print(json.dumps([sys.prefix, sys.version_info[:2]]))"


@pytest.mark.parametrize(("base", "others"), [("plain", set()), ("plain-pip", {"pip", "setuptools"})])
def test_a_fresh_environment_is_itself(
    base: str, others: set[str], fresh_environment: FreshEnvironment, local_index: LocalIndex
) -> None:
    """It is its own prefix, holds the project as a wheel, and what is installed into it stays in it."""
    one, other = fresh_environment(base, local_index), fresh_environment(base, local_index)
    assert json.loads(one.run("-c", WHERE, check=True).stdout) == [str(one.prefix), [3, 11]]
    before = other.installed()
    assert "ipython-autoinstall" in before
    assert before.keys() & {"pip", "setuptools"} == others
    assert "ipykernel" not in before
    shown = one.run("-c", "import autoinstall; print(autoinstall.__file__)", check=True).stdout.strip()
    assert shown == str(one.site_packages / "autoinstall" / "__init__.py")

    untouched = other.files()
    one.run("-m", "uv", "pip", "install", "--python", one.python, "boojum-tools", check=True)
    assert one.installed() == before | {"boojum-tools": "1.5", "snark": "2.0"}
    if others:
        one.run("-m", "pip", "install", "opencv-python", check=True)
        assert one.installed().keys() - before.keys() == {"boojum-tools", "snark", "opencv-python", "numpy"}
        one.run("-m", "pip", "uninstall", "--yes", "platformdirs", check=True)
        assert "platformdirs" not in one.installed()
    assert other.files() == untouched
    assert fresh_environment(base).installed() == before


def test_scripts_run_in_their_own_environment(fresh_environment: FreshEnvironment) -> None:
    """No file names the base that the environment was copied from, launchers least of all."""
    environment = fresh_environment("plain-pip")
    for path in [environment.prefix / "pyvenv.cfg", *environment.scripts.iterdir()]:
        if path.is_file() and not path.is_symlink():
            raw = path.read_bytes()
            assert b"/bases/" not in raw
            assert f"/{environment.prefix.parent.parent.name}/plain-pip".encode() not in raw


def test_writing_into_a_shared_file_is_noticed_and_replacing_it_is_not(tmp_path: Path) -> None:
    """Copies share their code with the base by hard links; what anybody rewrites is their own."""
    base, copy = tmp_path / "base", tmp_path / "copy"
    code = Path("Lib" if os.name == "nt" else "lib/python3.11") / "site-packages"
    for name in ("one.py", "other.py", "x.pth", "x-1.0.dist-info/RECORD"):
        (base / code / name).parent.mkdir(parents=True, exist_ok=True)
        (base / code / name).write_text("as it was")
    (base / "pyvenv.cfg").write_text("as it was")
    before = stamps(base)
    clone(base, copy)

    (copy / "pyvenv.cfg").write_text("own")
    (copy / code / "x.pth").write_text("own")
    (copy / code / "x-1.0.dist-info" / "RECORD").write_text("own")
    (copy / code / "new").write_text("own")
    (copy / code / "new").replace(copy / code / "one.py")
    assert differences(before, stamps(base)) == []
    assert {path.read_text() for path in base.rglob("*") if path.is_file()} == {"as it was"}

    (copy / code / "other.py").write_text("spoiled")
    assert differences(before, stamps(base)) == [str(base / code / "other.py")]


def test_children_see_nothing_of_this_machine(
    fresh_environment: FreshEnvironment, local_index: LocalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "/somewhere")
    monkeypatch.setenv("UV_INDEX", "http://127.0.0.1:1/")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1/")
    environment = fresh_environment("plain-pip", local_index, EXTRA="said")
    seen = json.loads(environment.run("-c", "import json, os; print(json.dumps(dict(os.environ)))").stdout)
    assert seen["EXTRA"] == "said"
    assert seen["HOME"] == str(environment.home)
    assert {name: value for name, value in seen.items() if name.startswith(("PIP_", "UV_")) or "PROXY" in name} == {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_INDEX_URL": local_index.url,
        "UV_DEFAULT_INDEX": local_index.url,
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    listed = environment.run("-m", "pip", "config", "list").stdout.splitlines()
    assert listed == [
        f":env:.config-file='{os.devnull}'",
        ":env:.disable-pip-version-check='1'",
        f":env:.index-url='{local_index.url}'",
    ]


def test_without_an_index_nothing_is_reached(fresh_environment: FreshEnvironment) -> None:
    environment = fresh_environment("plain-pip")
    for command in (["uv", "pip", "install", "--python", str(environment.python), "six"], ["pip", "install", "six"]):
        answer = environment.run("-m", *command, environ={"PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"})
        assert answer.returncode != 0
    assert "six" not in environment.installed()


def test_installing_a_wheel_beforehand(fresh_environment: FreshEnvironment) -> None:
    environment = fresh_environment("plain")
    environment.install(Wheel("snark", "0.9", {"snark.py": "VALUE = 9"}))
    assert environment.installed()["snark"] == "0.9"
    assert not list(environment.site_packages.glob("snark-*/direct_url.json"))
    assert environment.run("-c", "import snark; print(snark.VALUE)").stdout == "9\n"


@pytest.mark.kernel
@pytest.mark.parametrize("base", KERNEL_BASES)
def test_a_kernel_does_what_a_notebook_does(
    base: str, fresh_environment: FreshEnvironment, start_kernel: StartKernel
) -> None:
    """Outputs, errors, prompts, aborted cells, late output and comms all arrive as what they are."""
    environment = fresh_environment(base)
    kernel = start_kernel(environment)

    assert kernel.execute("import sys; sys.prefix").text == repr(str(environment.prefix))
    assert kernel.execute("import os; os.getpid()").text == str(kernel.pid)
    said = kernel.execute("import sys; print('out'); print('err', file=sys.stderr)")
    assert (said.status, said.stdout, said.stderr) == ("ok", "out\n", "err\n")
    shown = kernel.execute("from IPython.display import HTML; display(HTML('<b>x</b>'))")
    assert shown.displays[0]["text/html"] == "<b>x</b>"

    failed, aborted = kernel.execute_all(["print('before'); 1/0", "print('after')"])
    assert (failed.status, failed.error, failed.stdout) == ("error", "ZeroDivisionError", "before\n")
    assert "ZeroDivisionError: division by zero" in failed.traceback
    assert (aborted.status, aborted.stdout) == ("aborted", "")

    asked = kernel.execute("input('first? ') + input('second? ')", answers=["a", "b"])
    assert (asked.text, asked.prompts) == ("'ab'", ("first? ", "second? "))
    assert kernel.execute("input('? ')", answers=[END_OF_FILE]).error == "EOFError"
    assert kernel.execute("input('? ')", answers=[Answer.INTERRUPT]).error == "KeyboardInterrupt"
    assert kernel.execute("input('? ')", allow_stdin=False).error == "StdinNotImplementedError"
    with pytest.raises(AssertionError, match=r"asked 'unexpected\? '"):
        kernel.execute("input('unexpected? ')")
    assert kernel.execute("1 + 1").text == "2"

    kernel.execute(
        "import threading; go = threading.Event()\n"
        "def late():\n    go.wait(); print('late')\n"
        "threading.Thread(target=late).start()"
    )
    kernel.execute("go.set()")
    assert "late" in kernel.wait_for_output("late")

    kernel.execute(
        "def opened(comm, message):\n"
        "    comm.on_msg(lambda m: print('clicked', m['content']['data']['n']))\n"
        "get_ipython().kernel.comm_manager.register_target('button', opened)"
    )
    assert kernel.comm_open("button", "c1").stdout == ""
    assert kernel.comm_message("c1", {"n": 3}).stdout == "clicked 3\n"


@pytest.mark.kernel
def test_a_kernel_can_be_interrupted(fresh_environment: FreshEnvironment, start_kernel: StartKernel) -> None:
    kernel = start_kernel(fresh_environment())
    code = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
    assert kernel.execute(code).error == "KeyboardInterrupt"
    request = kernel.submit("print('running', flush=True)\nimport time; time.sleep(60)")
    kernel.wait_for_output("running")
    kernel.interrupt()
    assert kernel.finish(request).error == "KeyboardInterrupt"


@pytest.mark.kernel
def test_a_kernel_is_dead_afterwards(fresh_environment: FreshEnvironment) -> None:
    psutil = pytest.importorskip("psutil")
    from tests.support.kernel import Kernel  # noqa: PLC0415

    with Kernel(fresh_environment()) as kernel:
        pid = kernel.pid
        assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)
