"""Paths in a wheel, and the import names that they amount to."""

import pytest

from autoinstall.names import project_name
from data.observer.importable import Importable, below_site_packages, importable, is_safe


def _importable(project: str, *paths: str, **more: object) -> Importable:
    return importable(list(below_site_packages(paths)), project_name(project), **more)  # type: ignore[arg-type] # each test names one


@pytest.mark.parametrize(
    ("project", "paths", "names", "namespaces"),
    [
        pytest.param(
            "snark", ["snark/__init__.py", "snark/hunt.py", "snark/deep/__init__.py"], ["snark"], [], id="one"
        ),
        pytest.param("snark", ["snark.py", "boojum.py"], ["boojum", "snark"], [], id="single-file modules"),
        pytest.param(
            "snark",
            ["tests/__init__.py", "docs/conf.py", "setup.py", "snark/__init__.py"],
            ["docs.conf", "setup", "snark", "tests"],
            ["docs"],
            id="noise stays: it is a fact",
        ),
        pytest.param(
            "x",
            [
                "a.cpython-312-x86_64-linux-gnu.so",
                "b.cpython-313t-darwin.so",
                "c.cp312-win_amd64.pyd",
                "d.cp313t-win_arm64.pyd",
                "e.abi3.so",
                "f.pyd",
                "g.so",
                "h.pypy310-pp73-x86_64-linux-gnu.so",
                "i.graalpy242-312-native-x86_64-linux.so",
                "j.cpython-312-wasm32-emscripten.so",
                "k.abi3t.so",
                "l.pyc",
            ],
            list("abcdefghijkl"),
            [],
            id="extension modules of every platform",
        ),
        pytest.param(
            "x", ["libx.so", "libx.so.1", "x.dll", "x.dylib", "libcst.abi3.so"], ["libcst"], [], id="libraries"
        ),
        pytest.param("x", ["p/__init__.cpython-312-x86_64-linux-gnu.so", "p/a.py"], ["p"], [], id="compiled package"),
        pytest.param(
            "x", ["p/__init__.pyc", "p/a.pyc", "q/__pycache__/a.cpython-312.pyc"], ["p"], [], id="no source"
        ),
        pytest.param("x", ["x-stubs/__init__.pyi", "y/__init__.pyi", "y/py.typed", "y.pyi"], [], [], id="stubs"),
        pytest.param(
            "google-cloud-storage",
            ["google/cloud/storage/__init__.py", "google/cloud/_storage_v2/__init__.py", "google/cloud/storage/x.py"],
            ["google.cloud._storage_v2", "google.cloud.storage"],
            ["google", "google.cloud"],
            id="namespaces, to the first package",
        ),
        pytest.param(
            "jub-nest", ["jub/nest.py", "jub/egg.abi3.so"], ["jub.egg", "jub.nest"], ["jub"], id="to a module"
        ),
        pytest.param("my-pkg", ["my_pkg/a.py", "my_pkg/b/c.py"], ["my_pkg"], [], id="own name without __init__"),
        pytest.param(
            "google-api", ["google/api/a.py"], ["google.api"], ["google"], id="own dotted name without __init__"
        ),
        pytest.param("x", ["p.py", "p/q/r.py"], ["p"], [], id="a module hides a folder without __init__"),
        pytest.param(
            "x",
            ["x-1.0.data/purelib/a/__init__.py", "x-1.0.data/platlib/b.abi3.so", "x-1.0.data/scripts/c.py"],
            ["a", "b"],
            [],
            id=".data: purelib and platlib only",
        ),
        pytest.param(
            "x", ["x-1.0.data/data/d.py", "x-1.0.data/headers/e.py", "x-1.0.data"], [], [], id=".data: the rest"
        ),
        pytest.param(
            "x",
            ["x-1.0.dist-info/sboms/a.py", "my-dir/a.py", "class/a.py", "1st.py", "a b.py", "naïve.py", "lambda.py"],
            [],
            [],
            id="not to be spelled after import",
        ),
        pytest.param("x", ["__init__.py", "__main__.py", "_x.py"], ["_x"], [], id="double-underscored modules"),
        pytest.param("x", ["__x__/a.py"], ["__x__.a"], ["__x__"], id="double-underscored folders"),
        pytest.param("x", ["_/a.py"], ["_.a"], ["_"], id="nothing but an underscore"),
        pytest.param("x", ["README.md", "", "a/", "data/table.csv"], [], [], id="nothing to import"),
    ],
)
def test_names(project: str, paths: list[str], names: list[str], namespaces: list[str]) -> None:
    found = _importable(project, *paths)
    assert (list(found.names), list(found.namespaces)) == (names, namespaces)


def test_a_legacy_namespace_is_only_shared() -> None:
    paths = ("zope/__init__.py", "zope/interface/__init__.py")
    assert _importable("zope-interface", *paths).names == ("zope",)
    shared = _importable("zope-interface", *paths, legacy_namespaces=frozenset({("zope",)}))
    assert (shared.names, shared.namespaces) == (("zope.interface",), ("zope",))


def test_what_lies_in_a_search_folder_is_top_level_too() -> None:
    found = _importable(
        "pywin", "win32/lib/con.py", "win32/api.pyd", "com/__init__.py", search_folders=[("win32", "lib")]
    )
    assert found.names == ("com", "con", "win32.api", "win32.lib.con")


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.py", "a/../../b.py", "a\\b.py", "a\0.py"])
def test_a_path_that_leaves_is_not_safe(path: str) -> None:
    assert not is_safe(path)


def test_dots_inside_a_name_are_safe() -> None:
    assert is_safe("a/..b/c..py")
