"""What differs between platforms, as a table for all three, whichever of them the tests run on."""

import sys
from pathlib import Path

import pytest

from autoinstall.platforms import (
    PLATFORMS,
    Platform,
    System,
    here,
    pip_configuration_files,
    quoted,
    system_of,
    uv_cache_folder,
    uv_configuration_files,
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
        (LINUX, ("bin", "", "python", True)),
        (MACOS, ("bin", "", "python", True)),
        (WINDOWS, ("Scripts", ".exe", "python.exe", False)),
    ],
    ids=["linux", "macos", "windows"],
)
def test_facts(platform: Platform, expected: tuple[object, ...]) -> None:
    assert (
        platform.scripts_folder,
        platform.executable_suffix,
        platform.interpreters[0],
        platform.can_remove_loaded_files,
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
