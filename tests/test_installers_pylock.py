"""Locks in TOML: what uv writes is read, what we write is what uv reads."""

import dataclasses
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autoinstall.errors import AutoinstallError
from autoinstall.installers.pylock import BadLockError, read_pylock, read_reasons, toml, write_pylock
from autoinstall.installers.question import Lock, Locked, Reason
from autoinstall.names import import_name, project_name
from autoinstall.plan import File, Item

BOOJUM, SNARK, TORCHY = (project_name(name) for name in ("boojum-tools", "snark", "torchy"))
DIGEST = "ab" * 32

# As uv 0.13 writes it, with made-up names.
RECORDED = f"""\
lock-version = "1.0"
created-by = "uv"
requires-python = ">=3.11.7"

[[packages]]
name = "boojum-tools"
version = "1.5"
wheels = [{{ url = "http://127.0.0.1:1/files/boojum_tools-1.5%2Bcpu-py3-none-any.whl", upload-time = 2025-10-17T02:54:31Z, size = 952, hashes = {{ sha256 = "{DIGEST}" }} }}]

[[packages]]
name = "snark"
version = "2.0"
wheels = [{{ url = "http://127.0.0.1:1/files/snark-2.0-py3-none-any.whl", hashes = {{ sha256 = "{DIGEST}" }} }}]

[[packages]]
name = "torchy"
directory = {{ path = "installed/torchy" }}
"""  # noqa: E501 - as it was recorded

BOOJUM_FILE = File(
    "boojum_tools-1.5+cpu-py3-none-any.whl",
    "http://127.0.0.1:1/files/boojum_tools-1.5%2Bcpu-py3-none-any.whl",
    DIGEST,
    952,
    datetime(2025, 10, 17, 2, 54, 31, tzinfo=UTC),
)
SNARK_FILE = File(
    "snark-2.0-py3-none-any.whl", "http://127.0.0.1:1/files/snark-2.0-py3-none-any.whl", DIGEST, None, None
)


def test_a_recorded_lock() -> None:
    wheels = (Locked(BOOJUM, "1.5", BOOJUM_FILE), Locked(SNARK, "2.0", SNARK_FILE))
    assert read_pylock(RECORDED, [TORCHY]) == Lock(wheels)
    assert read_pylock(RECORDED) == Lock(wheels, (TORCHY,))


def test_a_wheel_from_a_folder_has_a_url_too(tmp_path: Path) -> None:
    path = tmp_path / "snark-2.0-py3-none-any.whl"
    wheel_of_it = toml({"path": str(path), "hashes": {"sha256": DIGEST}})
    text = f'[[packages]]\nname = "snark"\nversion = "2.0"\nwheels = [{wheel_of_it}]'
    [wheel] = read_pylock(text).wheels
    assert (wheel.file.name, wheel.file.url) == (path.name, path.as_uri())


def test_no_packages_is_an_empty_lock() -> None:
    assert read_pylock('lock-version = "1.0"\npackages = []\n') == Lock(())


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        "packages = 17",
        "packages = [17]",
        '[[packages]]\nversion = "1.0"',
        '[[packages]]\nname = "--index-url=x"\nversion = "1.0"',
        '[[packages]]\nname = "snark"\nwheels = [{ url = "http://127.0.0.1:1/snark.whl", hashes = {} }]',
        '[[packages]]\nname = "snark"\nversion = "1"\nwheels = [{ url = "http://127.0.0.1:1/snark.whl" }]',
        '[[packages]]\nname = "snark"\nversion = "1"\nwheels = [{ url = "u", hashes = { sha256 = "zz" } }]',
        '[[packages]]\nname = "snark"\nversion = "1"\nwheels = [{ url = "u", hashes = { md5 = "00" } }]',
    ],
)
def test_what_is_no_lock_is_refused(text: str) -> None:
    with pytest.raises(BadLockError) as caught:
        read_pylock(text)
    assert isinstance(caught.value, AutoinstallError)
    assert str(caught.value).startswith("the resolver's answer cannot be used: ")


def test_what_is_written_can_be_read_again() -> None:
    items = [
        Item(BOOJUM, "1.5", dataclasses.replace(BOOJUM_FILE, index="http://127.0.0.1:1/simple")),
        Item(SNARK, "2.0", SNARK_FILE, (import_name("snark"),), (BOOJUM,)),
    ]
    written = write_pylock(items, "3.11.7")
    assert [wheel.file.sha256 for wheel in read_pylock(written).wheels] == [DIGEST, DIGEST]
    assert tomllib.loads(written) == {
        "lock-version": "1.0",
        "created-by": "autoinstall",
        "requires-python": ">=3.11.7",
        "packages": [
            {
                "name": "boojum-tools",
                "version": "1.5",
                "index": "http://127.0.0.1:1/simple",
                "wheels": [
                    {"name": BOOJUM_FILE.name, "url": BOOJUM_FILE.url, "size": 952, "hashes": {"sha256": DIGEST}}
                ],
            },
            {
                "name": "snark",
                "version": "2.0",
                "wheels": [{"name": SNARK_FILE.name, "url": SNARK_FILE.url, "hashes": {"sha256": DIGEST}}],
            },
        ],
    }


# As uv 0.13 writes it with `--annotation-style line --emit-index-annotation`, with made-up names.
ANNOTATED = """\
boojum-tools==1.5         # via -r wanted.txt
    # from http://127.0.0.1:1/simple
numpy==2.4.1              # via boojum-tools, opencv-python
    # from http://127.0.0.1:1/other
torchy @ file:///site/torchy-2.9.dist-info  # via usestorchy, -c installed.txt
./installed/private-thing  # via needsprivate, -c installed.txt
lonely==1.0
    # from http://127.0.0.1:1/simple
"""


def test_recorded_annotations() -> None:
    names = {
        name: project_name(name) for name in ("numpy", "opencv-python", "usestorchy", "private-thing", "needsprivate")
    }
    assert read_reasons(ANNOTATED) == {
        BOOJUM: Reason((), "http://127.0.0.1:1/simple"),
        names["numpy"]: Reason((BOOJUM, names["opencv-python"]), "http://127.0.0.1:1/other"),
        TORCHY: Reason((names["usestorchy"],)),
        names["private-thing"]: Reason((names["needsprivate"],)),
    }


@pytest.mark.parametrize(
    "value",
    [
        True,
        17,
        1.5,
        "plain",
        'quotes " and \\ back\nslashes \x1b \x7f \x00 é 🐍',
        ["a", ["b"], []],
        {"key with space": {"a": 1}, "b": []},
    ],
    ids=lambda value: type(value).__name__,
)
def test_toml_is_what_tomllib_reads(value: object) -> None:
    assert tomllib.loads(f"it = {toml(value)}") == {"it": value}


def test_what_has_no_counterpart_is_refused() -> None:
    with pytest.raises(TypeError):
        toml(None)
