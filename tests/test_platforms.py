"""What differs between platforms, as a table for all three, whichever of them the tests run on."""

import sys
from pathlib import Path

import pytest

from autoinstall.platforms import (
    PLATFORMS,
    Platform,
    System,
    here,
    jupyter_data_folders,
    library_patterns,
    pip_configuration_files,
    quoted,
    system_of,
    typed,
    user_site_patterns,
    uv_cache_folder,
    uv_configuration_files,
    words,
)

LINUX, MACOS, WINDOWS = (PLATFORMS[system] for system in (System.LINUX, System.MACOS, System.WINDOWS))


@pytest.mark.parametrize(
    ("sys_platform", "expected"),
    [
        ("linux", System.LINUX),
        ("darwin", System.MACOS),
        ("win32", System.WINDOWS),
        ("freebsd14", System.LINUX),
        ("cygwin", System.LINUX),
    ],
)
def test_system_of(sys_platform: str, expected: System) -> None:
    assert system_of(sys_platform) is expected


def test_here_is_where_this_interpreter_lies() -> None:
    assert here().system is system_of(sys.platform)
    scripts = Path(sys.prefix, here().scripts_folder)
    assert any((scripts / name).exists() for name in here().interpreters)


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (LINUX, ("bin", "", "python", True, True)),
        (MACOS, ("bin", "", "python", True, True)),
        (WINDOWS, ("Scripts", ".exe", "python.exe", False, False)),
    ],
    ids=["linux", "macos", "windows"],
)
def test_facts(platform: Platform, expected: tuple[object, ...]) -> None:
    assert (
        platform.scripts_folder,
        platform.executable_suffix,
        platform.interpreters[0],
        platform.can_remove_loaded_files,
        platform.links_freely,
    ) == expected


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (LINUX, "'/opt/my env/bin/python' -m pip install 'x>=1'"),
        (MACOS, "'/opt/my env/bin/python' -m pip install 'x>=1'"),
        (WINDOWS, '"/opt/my env/bin/python" -m pip install x>=1'),
    ],
    ids=["linux", "macos", "windows"],
)
def test_quoted(platform: Platform, expected: str) -> None:
    argv = ("/opt/my env/bin/python", "-m", "pip", "install", "x>=1")
    assert quoted(argv, platform) == expected


@pytest.mark.parametrize(
    ("platform", "line", "expected"),
    [
        (LINUX, r"""scan book\ one.ipynb 'a b' --x="c d" #e""", ["scan", "book one.ipynb", "a b", "--x=c d", "#e"]),
        (WINDOWS, r'scan C:\books\one.ipynb "a b\c" --x="c d"', ["scan", r"C:\books\one.ipynb", r"a b\c", "--x=c d"]),
        (MACOS, "", []),
    ],
    ids=["backslashes protect", "backslashes on Windows", "nothing"],
)
def test_words(platform: Platform, line: str, expected: list[str]) -> None:
    assert words(line, platform) == expected


@pytest.mark.parametrize("platform", [LINUX, MACOS, WINDOWS], ids=["linux", "macos", "windows"])
@pytest.mark.parametrize("word", ["one.ipynb", "book one.ipynb", "sub/it's.py"])
def test_what_is_typed_is_read_back(platform: Platform, word: str) -> None:
    assert words(typed(word, platform), platform) == [word]


@pytest.mark.parametrize(
    ("platform", "variables", "home", "expected"),
    [
        (
            LINUX,
            {},
            "/home/ann",
            (
                "/etc/xdg/pip/pip.conf",
                "/etc/pip.conf",
                "/home/ann/.pip/pip.conf",
                "/home/ann/.config/pip/pip.conf",
                "/venv/pip.conf",
            ),
        ),
        (
            LINUX,
            {"XDG_CONFIG_DIRS": "/etc/one:/etc/two", "XDG_CONFIG_HOME": "/home/ann/conf"},
            "/home/ann",
            (
                "/etc/one/pip/pip.conf",
                "/etc/two/pip/pip.conf",
                "/etc/pip.conf",
                "/home/ann/.pip/pip.conf",
                "/home/ann/conf/pip/pip.conf",
                "/venv/pip.conf",
            ),
        ),
        (
            MACOS,
            {},
            "/Users/ann",
            (
                "/Library/Application Support/pip/pip.conf",
                "/Users/ann/.pip/pip.conf",
                "/Users/ann/.config/pip/pip.conf",
                "/Users/ann/Library/Application Support/pip/pip.conf",
                "/venv/pip.conf",
            ),
        ),
        (
            WINDOWS,
            {"APPDATA": r"C:\Users\ann\AppData\Roaming", "PROGRAMDATA": r"D:\ProgramData"},
            r"C:\Users\ann",
            (
                r"D:\ProgramData\pip\pip.ini",
                r"C:\Users\ann\pip\pip.ini",
                r"C:\Users\ann\AppData\Roaming\pip\pip.ini",
                r"/venv\pip.ini",
            ),
        ),
    ],
    ids=["linux", "linux with XDG", "macos", "windows"],
)
def test_pip_configuration_files(
    platform: Platform, variables: dict[str, str], home: str, expected: tuple[str, ...]
) -> None:
    assert pip_configuration_files("/venv", variables, home, platform) == expected


@pytest.mark.parametrize(
    ("platform", "variables", "home", "expected"),
    [
        (
            LINUX,
            {"XDG_CONFIG_DIRS": "/etc/one:/etc/two"},
            "/home/ann",
            ("/etc/uv/uv.toml", "/etc/two/uv/uv.toml", "/etc/one/uv/uv.toml", "/home/ann/.config/uv/uv.toml"),
        ),
        (MACOS, {}, "/Users/ann", ("/etc/uv/uv.toml", "/etc/xdg/uv/uv.toml", "/Users/ann/.config/uv/uv.toml")),
        (
            WINDOWS,
            {"SYSTEMDRIVE": "D:"},
            r"C:\Users\ann",
            (r"D:\ProgramData\uv\uv.toml", r"C:\Users\ann\AppData\Roaming\uv\uv.toml"),
        ),
    ],
    ids=["linux", "macos", "windows"],
)
def test_uv_configuration_files(
    platform: Platform, variables: dict[str, str], home: str, expected: tuple[str, ...]
) -> None:
    assert uv_configuration_files(variables, home, platform) == expected


@pytest.mark.parametrize(
    ("platform", "variables", "home", "expected"),
    [
        (LINUX, {}, "/home/ann", "/home/ann/.cache/uv"),
        (LINUX, {"XDG_CACHE_HOME": "/scratch"}, "/home/ann", "/scratch/uv"),
        (MACOS, {}, "/Users/ann", "/Users/ann/.cache/uv"),
        (WINDOWS, {}, r"C:\Users\ann", r"C:\Users\ann\AppData\Local\uv\cache"),
        (WINDOWS, {"LOCALAPPDATA": r"E:\Local"}, r"C:\Users\ann", r"E:\Local\uv\cache"),
    ],
)
def test_uv_cache_folder(platform: Platform, variables: dict[str, str], home: str, expected: str) -> None:
    assert uv_cache_folder(variables, home, platform) == expected


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        (
            LINUX,
            {},
            (
                "/home/ann/.local/share/jupyter",
                "/env/share/jupyter",
                "/usr/local/share/jupyter",
                "/usr/share/jupyter",
            ),
        ),
        (
            LINUX,
            {"XDG_DATA_HOME": "/data", "JUPYTER_PATH": "/one:/two"},
            (
                "/one",
                "/two",
                "/data/jupyter",
                "/env/share/jupyter",
                "/usr/local/share/jupyter",
                "/usr/share/jupyter",
            ),
        ),
        (
            MACOS,
            {"JUPYTER_DATA_DIR": "/mine"},
            ("/mine", "/env/share/jupyter", "/usr/local/share/jupyter", "/usr/share/jupyter"),
        ),
        (
            MACOS,
            {},
            (
                "/home/ann/Library/Jupyter",
                "/env/share/jupyter",
                "/usr/local/share/jupyter",
                "/usr/share/jupyter",
            ),
        ),
    ],
)
def test_where_jupyter_looks_for_kernels(
    platform: Platform, variables: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert jupyter_data_folders("/env", variables, "/home/ann", platform) == expected


def test_where_jupyter_looks_for_kernels_on_windows() -> None:
    variables = {"APPDATA": r"C:\Users\Ann\AppData\Roaming", "PROGRAMDATA": r"D:\All", "JUPYTER_PATH": r"E:\a;E:\b"}
    assert jupyter_data_folders(r"C:\env", variables, r"C:\Users\Ann", WINDOWS) == (
        r"E:\a",
        r"E:\b",
        r"C:\Users\Ann\AppData\Roaming\jupyter",
        r"C:\env\share\jupyter",
        r"D:\All\jupyter",
    )


@pytest.mark.parametrize(
    ("platform", "prefix", "version", "expected"),
    [
        (LINUX, "/env", "3.12", ("/env/lib/python3.12/site-packages", "/env/lib64/python3.12/site-packages")),
        (LINUX, "/env", None, ("/env/lib/python3.*/site-packages", "/env/lib64/python3.*/site-packages")),
        (
            LINUX,
            "/usr",
            "3.11",
            (
                "/usr/lib/python3.11/site-packages",
                "/usr/lib64/python3.11/site-packages",
                "/usr/local/lib/python3.11/dist-packages",
                "/usr/lib/python3/dist-packages",
            ),
        ),
        (WINDOWS, r"C:\env", "3.12", (r"C:\env\Lib\site-packages",)),
    ],
)
def test_library_patterns(platform: Platform, prefix: str, version: str | None, expected: tuple[str, ...]) -> None:
    assert library_patterns(prefix, version, platform) == expected


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        (LINUX, {}, ("/home/ann/.local/lib/python3.*/site-packages",)),
        (LINUX, {"PYTHONUSERBASE": "/base"}, ("/base/lib/python3.*/site-packages",)),
        (
            MACOS,
            {},
            (
                "/home/ann/Library/Python/3.*/lib/python/site-packages",
                "/home/ann/.local/lib/python3.*/site-packages",
            ),
        ),
        (WINDOWS, {"APPDATA": r"C:\Roaming"}, (r"C:\Roaming\Python\Python3*\site-packages",)),
    ],
)
def test_user_site_patterns(platform: Platform, variables: dict[str, str], expected: tuple[str, ...]) -> None:
    assert user_site_patterns(variables, "/home/ann", platform) == expected
