"""Wheels that would take over from others without overwriting anything: refused, and what looks alike is let pass."""

import sys
from pathlib import Path

import pytest

from autoinstall.activate import Hazard, inspect
from autoinstall.activate.reviewed import guarded_command, guarded_module, guarded_place
from autoinstall.past.transaction import Transaction
from autoinstall.plan import Obstacle, Refusal
from tests.activate.conftest import SNARK, Ground
from tests.support.staging import Tool, plan_of
from tests.support.wheels import Content, Member, Wheel

KERNELS = "data/share/jupyter/kernels"
CACHE = f"{sys.implementation.cache_tag}.pyc"
KERNEL_OF_SNARK = Wheel("snark-kernel", "1.0", {"snark_kernel.py": ""}, data={f"{KERNELS}/snark/kernel.json": "{}"})
FRUMIOUS = Wheel("frumious", "1.0", {"frumious/deep/core.py": ""})
"""A namespace, without an `__init__`."""
BANDERSNATCH = Wheel("bandersnatch", "1.0", {"bandersnatch/__init__.py": "", "bandersnatch/a.py": "A = 1\n"})


def tove(*paths: str, content: Content = "", data: str | None = None) -> Wheel:
    modules = {"tove.py": "", **dict.fromkeys(paths, content)}
    return Wheel("tove", "1.0", modules, data={} if data is None else {data: "{}"})


HOSTILE = {
    "hides a module by an extension": (tove("bandersnatch/a.abi3.so"), Hazard.OVERWRITES),
    "hides a module by a package": (tove("bandersnatch/a/__init__.py"), Hazard.OVERWRITES),
    "hides a module by a compiled package": (tove("bandersnatch/a/__init__.abi3.so"), Hazard.OVERWRITES),
    "hides a namespace": (tove("frumious.py"), Hazard.OVERWRITES),
    "hides a namespace below": (tove("frumious/deep.py"), Hazard.OVERWRITES),
    "hides a module by its compiled form": (tove("bandersnatch/a.pyc"), Hazard.OVERWRITES),
    "cache of another's module": (tove(f"bandersnatch/__pycache__/a.{CACHE}"), Hazard.CACHE),
    "cache of another's module at the top": (tove(f"__pycache__/snark.{CACHE}"), Hazard.CACHE),
    "cache of what may come": (tove(f"__pycache__/jabberwock.{CACHE}"), Hazard.CACHE),
    "cache of what may come below": (tove(f"frumious/__pycache__/jabberwock.{CACHE}"), Hazard.CACHE),
    "cache beside the same __init__": (
        tove("bandersnatch/__init__.py", f"bandersnatch/__pycache__/a.{CACHE}"),
        Hazard.CACHE,
    ),
    "the kernel": (tove(data=f"{KERNELS}/python3/kernel.json"), Hazard.PLACE),
    "the kernel in another case": (tove(data=f"{KERNELS}/Python3/kernel.json"), Hazard.PLACE),
    "more for another's kernel": (tove(data=f"{KERNELS}/snark/kernel.js"), Hazard.PLACE),
    "a kernel that the user has": (tove(data=f"{KERNELS}/Mine/kernel.json"), Hazard.PLACE),
    "pip": (tove("pip/__main__.py"), Hazard.MODULE),
    "pip as a module": (tove("pip.abi3.so"), Hazard.MODULE),
    "uv": (tove("uv/__init__.py"), Hazard.MODULE),
    "what the library looks for": (tove("msvcrt.py"), Hazard.MODULE),
    "what the library looks for below": (tove("org/python/core.py"), Hazard.MODULE),
    "what Ubuntu looks for": (tove("apport_python_hook.py"), Hazard.MODULE),
}
"""Nothing of these is in anybody's place, as far as files go."""


@pytest.fixture
def furnished(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """Return a ground where others have modules, a namespace and a kernel, and the user has a kernel too."""
    assert isinstance(ground.install(SNARK, FRUMIOUS, BANDERSNATCH, KERNEL_OF_SNARK), Transaction)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    (tmp_path / "jupyter" / "kernels" / "mine").mkdir(parents=True)
    return ground


@pytest.mark.parametrize(("wheel", "hazard"), HOSTILE.values(), ids=HOSTILE)
def test_a_takeover_is_refused(furnished: Ground, wheel: Wheel, hazard: Hazard) -> None:
    before = furnished.files()
    with furnished.lock():
        found = inspect(furnished.stage(wheel), plan_of((wheel,)), furnished.environment)
    assert {objection.hazard for objection in found} == {hazard}
    refused = furnished.install(wheel)
    assert isinstance(refused, Refusal)
    assert refused.obstacle is Obstacle.UNSAFE
    assert furnished.files() == before


FINE = {
    "a kernel of a new name": tove(data=f"{KERNELS}/jubjub/kernel.json"),
    "the kernel by its own project": Wheel(
        "ipykernel", "7.4", {"ipykernel.py": ""}, data={f"{KERNELS}/python3/kernel.json": "{}"}
    ),
    "pip by itself": Wheel("pip", "26.3", {"pip/__init__.py": ""}),
    "names that only begin alike": tove("pipes2.py", "uvloop.py", "org/tove.py", "msvcrt_tove/__init__.py"),
    "a cache with its source": tove(f"__pycache__/tove.{CACHE}"),
    "a forgotten cache in a package of its own": tove("toves/__init__.py", f"toves/__pycache__/gone.{CACHE}"),
    "more of a namespace": tove("frumious/other.py", "frumious/deep/other.py"),
    "a package of two forms": tove("toves/__init__.py", "toves/fast.py", "toves/fast.abi3.so"),
    "settings for Jupyter": tove(data="data/etc/jupyter/jupyter_server_config.d/tove.json"),
    "a template for nbconvert": tove(data="data/share/jupyter/nbconvert/templates/tove/conf.json"),
}


@pytest.mark.parametrize("wheel", FINE.values(), ids=FINE)
def test_what_takes_nothing_over_is_let_pass(furnished: Ground, wheel: Wheel) -> None:
    assert isinstance(furnished.install(wheel), Transaction)


def test_a_cache_does_not_come_where_its_source_is_there_already(furnished: Ground) -> None:
    """Python does not check a cache that says it need not be, so this one would be run instead of its source."""
    source = SNARK.modules["snark.py"]
    wheel = Wheel("tove", "1.0", {"tove.py": "", "snark.py": source, f"__pycache__/snark.{CACHE}": b"hostile"})
    assert isinstance(furnished.install(wheel), Transaction)
    site = furnished.environment.purelib
    assert (site / "tove.py").exists()
    assert not (site / "__pycache__" / f"snark.{CACHE}").exists()


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_a_link_in_a_wheel_becomes_a_file_that_holds_its_target_s_name(ground: Ground, tool: Tool) -> None:
    """The format of wheels knows no links, and both tools unpack one so: after that it is a file like any other."""
    wheel = Wheel("tove", "1.0", {"tove.py": ""}, members=(Member("tove_link", "/etc/passwd", mode=0o120777),))
    assert isinstance(ground.install(wheel, tool=tool), Transaction)
    link = ground.environment.purelib / "tove_link"
    assert not link.is_symlink()
    assert link.read_text() == "/etc/passwd"


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_no_file_goes_through_a_link_in_a_wheel(ground: Ground, tmp_path: Path, tool: Tool) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    through = (Member("way", str(outside), mode=0o120777), Member("way/escaped.py", "x"))
    wheel = Wheel("tove", "1.0", {"tove.py": ""}, members=through)
    with ground.lock(), pytest.raises(AssertionError):
        ground.stage(wheel, tool=tool)  # a file cannot lie below a file: the tool gives up
    assert not list(outside.iterdir())
    assert not any("tove" in key or "way" in key for key in ground.files())


@pytest.mark.parametrize(
    ("path", "project", "is_guarded"),
    [
        ("pip/_vendor/x.py", "tove", True),
        ("pip/_vendor/x.py", "pip", False),
        ("PIP/__init__.py", "tove", True),
        ("pipx/__init__.py", "tove", False),
        ("winreg.cpython-313-x86_64-linux-gnu.so", "tove", True),
        ("org/python/core/__init__.py", "tove", True),
        ("org/other.py", "tove", False),
        ("tove/msvcrt.py", "tove", False),
        ("pip-26.3.dist-info/METADATA", "tove", False),
    ],
)
def test_a_module_is_the_same_in_every_form(path: str, project: str, *, is_guarded: bool) -> None:
    assert (guarded_module(path, project) is not None) is is_guarded


@pytest.mark.parametrize("command", ["jupyter", "Jupyter.exe", "ipython3", "ipython"])
def test_jupyter_s_own_commands_are_its_own(command: str) -> None:
    assert guarded_command(command, "tove") is not None
    assert guarded_command("jupyter-tove", "tove") is None


def test_a_place_may_be_somebody_s() -> None:
    path = "share/jupyter/kernels/PYTHON3/logo.png"
    assert guarded_place(path, "tove") is not None
    assert guarded_place(path, "ipykernel") is None
