"""`import autoinstall` and its functions, each in a Python of its own."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import autoinstall
from autoinstall import hook


def _python(
    code: str, *options: str, executable: str = sys.executable, **environ: str
) -> subprocess.CompletedProcess[str]:

    return subprocess.run(
        [executable, *options, "-c", code],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


_ROOT = str(Path(hook.__file__).parent.parent)


def test_enabling_loads_nothing_else() -> None:
    done = _python(
        f"import os, sys; sys.path.insert(0, {_ROOT!r}); before = set(sys.modules)\n"
        "import autoinstall; autoinstall.enable('auto', 'pip'); autoinstall.disable()\n"
        "print(*sorted(set(sys.modules) - before))",
        "-I",
        "-S",
    )
    assert done.stderr == ""
    assert done.stdout.split() == [
        "autoinstall",
        "autoinstall.callsite",
        "autoinstall.finder",
        "autoinstall.hook",
        "autoinstall.target",
        "autoinstall.trouble",
        "autoinstall.uncaught",
    ]


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param("importlib.util.find_spec('absent')", id="probe"),
        pytest.param("\ntry:\n    import absent\nexcept ImportError: pass", id="guarded"),
    ],
)
def test_what_is_not_ours_loads_no_story(missing: str) -> None:
    done = _python(
        f"import sys; sys.path.insert(0, {_ROOT!r})\n"
        f"import autoinstall, importlib.util; autoinstall.enable(); {missing}\n"
        "print(*sorted(name for name in sys.modules if name.startswith('autoinstall.')))",
        "-I",
        "-S",
    )
    assert done.stderr == ""
    assert "autoinstall.provide" not in done.stdout.split()
    assert "autoinstall.hook" in done.stdout.split()


def test_threads_are_noticed_when_there_are_any() -> None:
    """`threading` takes 3 ms to import: it is not loaded for its hook alone."""
    done = _python(
        f"import sys; sys.path.insert(0, {_ROOT!r})\n"
        "import autoinstall; autoinstall.enable()\n"
        "assert 'threading' not in sys.modules\n"
        "import threading\n"
        "assert threading.excepthook is threading.__excepthook__\n"
        "__import__('importlib.util').util.find_spec('absent')\n"
        "assert threading.excepthook is not threading.__excepthook__\n"
        "autoinstall.disable()\n"
        "assert threading.excepthook is threading.__excepthook__\n",
        "-I",
        "-S",
    )
    assert done.stderr == ""


def test_a_half_finished_install_is_put_in_order_first(tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    names = {"base": str(environment), "platbase": str(environment)}
    purelib = Path(sysconfig.get_path("purelib", "venv", names))
    executable = Path(sysconfig.get_path("scripts", "venv", names), Path(sys.executable).name)
    (purelib / ".autoinstall" / "work" / "ab" / "t" / "half").mkdir(parents=True)
    path = str.join(__import__("os").pathsep, [_ROOT, sysconfig.get_path("purelib")])
    code = "import autoinstall; autoinstall.enable(); import sys; print('filelock' in sys.modules)"
    first = _python(code, executable=str(executable), PYTHONPATH=path)
    assert first.stderr == "autoinstall: cleared away an install that ended before anything of it was in place\n"
    assert first.stdout == "True\n"
    assert not (purelib / ".autoinstall" / "work").exists() or not list((purelib / ".autoinstall" / "work").iterdir())
    second = _python(code, executable=str(executable), PYTHONPATH=path)
    assert (second.stderr, second.stdout) == ("", "False\n")


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("json", "installed"), ("ConfigParser", "advice"), ("--index-url=x", "advice"), ("", "advice")],
)
def test_explain_is_advice_without_being_enabled(name: str, verdict: str) -> None:
    finders = list(sys.meta_path)
    advice = autoinstall.explain(name)
    assert (advice.import_name, advice.verdict) == (name, verdict)
    assert sys.meta_path == finders


@pytest.mark.parametrize("name", ["json", "cv2", "yaml", "ConfigParser", "no_such_name_here", "--index-url=x"])
def test_explain_has_the_fields_of_which(name: str, tmp_path: Path) -> None:
    told = f"dataclasses.asdict(autoinstall.explain({name!r}))"
    code = f"import autoinstall, dataclasses, json\nprint(json.dumps({told}))\n"
    script = tmp_path / "explains.py"
    script.write_text(code)
    command = [sys.executable, "-P", "-m", "autoinstall", "which", "--json", "--", name]
    explained, which = (
        subprocess.run(each, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120).stdout
        for each in ([sys.executable, "-P", str(script)], command)
    )
    assert explained == which
    assert isinstance(autoinstall.explain(name).candidates, list)


def test_what_is_offered_is_there() -> None:
    assert all(hasattr(autoinstall, name) for name in autoinstall.__all__)
