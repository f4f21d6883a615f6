"""The index configuration in force: read as pip and uv read it, with where each value was said."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from autoinstall.command import Command
from autoinstall.environment.indexes import Configuration, Indexes, Said, read
from autoinstall.index import Access
from autoinstall.installers.pip import Pip
from autoinstall.installers.uv import Uv
from autoinstall.machine import ThisMachine
from autoinstall.platforms import PLATFORMS, System
from tests.support.processes import clean_environ

LINUX = PLATFORMS[System.LINUX]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def configuration(home: Path, **variables: str) -> Configuration:
    """Read what holds for a user whose home this is, with no system files but those below it."""
    places = {"XDG_CONFIG_DIRS": str(home / "xdg"), "PIP_CONFIG_FILE": str(home / "named.conf")}
    found = read(places | variables, home / "venv", home=home, platform=LINUX)
    # This machine's own /etc/pip.conf is read too, as it must be; what it says is not what these tests are about.
    return dataclasses.replace(found, pip=without_etc(found.pip))


def without_etc(indexes: Indexes) -> Indexes:
    def kept(value: object) -> object:
        if isinstance(value, Said):
            return None if value.origin.startswith("/etc/") else value
        if isinstance(value, tuple):
            return tuple(one for one in value if not (isinstance(one, Said) and one.origin.startswith("/etc/")))
        return value

    fields = {field.name: kept(getattr(indexes, field.name)) for field in dataclasses.fields(indexes)}
    return Indexes(**fields)  # type: ignore[arg-type]  # each is what it was, or emptied


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def test_nothing_configured_is_nothing_said(home: Path) -> None:
    assert configuration(home) == Configuration()


def test_every_option_that_is_carried_over(home: Path) -> None:
    text = """\
[global]
index-url = https://index.example/simple
extra_index_url =
    https://one.example/simple
    https://two.example/simple
find-links = /srv/wheels
no-index = true
trusted-host = index.example one.example
cert = /etc/company.pem
client-cert = /etc/client.pem
proxy = http://proxy.example:3128
keyring-provider = subprocess
timeout = 60
"""
    path = write(home / ".config/pip/pip.conf", text)
    assert configuration(home).pip == Indexes(
        index=Said("https://index.example/simple", path),
        extra=(Said("https://one.example/simple", path), Said("https://two.example/simple", path)),
        find_links=(Said("/srv/wheels", path),),
        no_index=Said("true", path),
        trusted_hosts=(Said("index.example", path), Said("one.example", path)),
        certificate=Said("/etc/company.pem", path),
        client_certificate=Said("/etc/client.pem", path),
        proxy=Said("http://proxy.example:3128", path),
        keyring=Said("subprocess", path),
        timeout=Said("60", path),
    )


def test_what_would_redirect_an_install_is_never_carried_over(home: Path) -> None:
    text = "[global]\nuser = true\ntarget = /elsewhere\n[install]\nprefix = /elsewhere\nrequire-virtualenv = true\n"
    write(home / ".config/pip/pip.conf", text)
    variables = {
        "PIP_USER": "1",
        "PIP_TARGET": "/elsewhere",
        "PIP_PREFIX": "/elsewhere",
        "PIP_REQUIRE_VIRTUALENV": "1",
    }
    assert configuration(home, **variables) == Configuration()


def test_later_files_and_the_environment_win(home: Path) -> None:
    """Places from the weakest to the strongest, one more said at each step."""
    places = ["xdg/pip/pip.conf", ".pip/pip.conf", ".config/pip/pip.conf", "venv/pip.conf", "named.conf"]
    for number, place in enumerate(places):
        path = write(home / place, f"[global]\nindex-url = https://{number}.example/simple\n")
        assert configuration(home).pip.index == Said(f"https://{number}.example/simple", path)
    path = write(home / "xdg/pip/pip.conf", "[install]\nindex-url = https://install.example/simple\n")
    assert configuration(home).pip.index == Said("https://install.example/simple", path)
    expected = Said("https://variable.example/simple", "PIP_INDEX_URL")
    assert configuration(home, PIP_INDEX_URL="https://variable.example/simple").pip.index == expected


def test_what_is_empty_overrides_nothing(home: Path) -> None:
    """As pip has it: an empty variable does not send a company's user to the default index."""
    text = "[global]\nindex-url = https://index.example/simple\n[install]\nindex-url =\n"
    path = write(home / ".config/pip/pip.conf", text)
    assert configuration(home, PIP_INDEX_URL="").pip.index == Said("https://index.example/simple", path)


def test_the_null_device_switches_files_off(home: Path) -> None:
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://index.example/simple\n")
    assert configuration(home, PIP_CONFIG_FILE=os.devnull) == Configuration()


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("PIP_DEFAULT_TIMEOUT", "180", "timeout", Said("180", "PIP_DEFAULT_TIMEOUT")),
        ("PIP_PYPI_URL", "https://a.example", "index", Said("https://a.example", "PIP_PYPI_URL")),
        ("PIP_INDEX_URL", "", "index", None),
        ("PIP_NO_INDEX", "0", "no_index", None),
        ("PIP_NO_INDEX", "1", "no_index", Said("1", "PIP_NO_INDEX")),
    ],
)
def test_variables(home: Path, name: str, value: str, field: str, expected: object) -> None:
    assert getattr(configuration(home, **{name: value}).pip, field) == expected


@pytest.mark.parametrize("raw", [b"no section\n", b"[global]\nindex-url = \xff\xfe\n"], ids=["no section", "no text"])
def test_a_file_that_cannot_be_read_is_named_and_passed_over(home: Path, raw: bytes) -> None:
    path = home / "venv/pip.conf"
    path.parent.mkdir(parents=True)
    path.write_bytes(raw)
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://index.example/simple\n")
    found = configuration(home).pip
    assert found.index is not None
    assert [problem.partition(": ")[0] for problem in found.problems] == [str(path)]


def test_nothing_in_the_working_folder_counts(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "home-of-a-stranger" / "notebooks"
    for folder in (work, work.parent):
        write(folder / "pip.conf", "[global]\nindex-url = https://evil.example/simple\n")
        write(folder / "uv.toml", 'index-url = "https://evil.example/simple"\n')
        write(folder / "pyproject.toml", '[[tool.uv.index]]\nurl = "https://evil.example/simple"\n')
    monkeypatch.chdir(work)
    assert configuration(home) == Configuration()


def test_pip_itself_reads_the_same(home: Path, tmp_path: Path) -> None:
    """The border: what pip's own `config list` says of the same files and variables."""
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://one.example/simple\ntimeout = 7\n")
    write(home / "named.conf", "[install]\nindex-url = https://two.example/simple\n")
    variables = clean_environ(home) | {"PIP_CONFIG_FILE": str(home / "named.conf"), "PIP_DEFAULT_TIMEOUT": "9"}
    del variables["PIP_INDEX_URL"]
    command = [sys.executable, "-P", "-m", "pip", "config", "list"]
    answer = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    found = read(variables, Path(sys.prefix), home=home).pip
    assert "install.index-url='https://two.example/simple'" in answer
    assert found.index == Said("https://two.example/simple", str(home / "named.conf"))
    assert ":env:.default-timeout='9'" in answer
    assert found.timeout == Said("9", "PIP_DEFAULT_TIMEOUT")


def test_uv_has_its_own(home: Path) -> None:
    text = """\
index-strategy = "unsafe-best-match"
exclude-newer = "2020-01-01T00:00:00Z"
keyring-provider = "subprocess"

[[index]]
name = "company"
url = "https://company.example/simple"

[[index]]
url = "https://mirror.example/simple"
default = true

[pip]
allow-insecure-host = ["company.example"]
target = "/elsewhere"
"""
    path = write(home / ".config/uv/uv.toml", text)
    found = configuration(home)
    assert found.uv == Indexes(
        index=Said("https://mirror.example/simple", path),
        extra=(Said("https://company.example/simple", path),),
        trusted_hosts=(Said("company.example", path),),
        keyring=Said("subprocess", path),
    )
    assert found.uv_settings.keys() == {"index", "index-strategy", "keyring-provider", "allow-insecure-host"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            {"UV_DEFAULT_INDEX": "https://a.example", "UV_INDEX_URL": "https://b.example"},
            Indexes(index=Said("https://a.example", "UV_DEFAULT_INDEX")),
        ),
        ({"UV_INDEX_URL": "https://b.example"}, Indexes(index=Said("https://b.example", "UV_INDEX_URL"))),
        (
            {"UV_INDEX": "company=https://a.example https://b.example/?x=y"},
            Indexes(extra=(Said("https://a.example", "UV_INDEX"), Said("https://b.example/?x=y", "UV_INDEX"))),
        ),
        ({"UV_FIND_LINKS": "/a,/b"}, Indexes(find_links=(Said("/a", "UV_FIND_LINKS"), Said("/b", "UV_FIND_LINKS")))),
        ({"UV_HTTP_TIMEOUT": "99"}, Indexes(timeout=Said("99", "UV_HTTP_TIMEOUT"))),
    ],
)
def test_variables_of_uv(home: Path, variables: dict[str, str], expected: Indexes) -> None:
    assert configuration(home, **variables).uv == expected


def test_uv_can_be_told_to_read_no_files(home: Path) -> None:
    write(home / ".config/uv/uv.toml", 'index-url = "https://index.example/simple"\n')
    assert configuration(home).uv.index is not None
    assert configuration(home, UV_NO_CONFIG="1") == Configuration()


def test_a_uv_toml_that_cannot_be_read_is_named(home: Path) -> None:
    path = write(home / ".config/uv/uv.toml", "index-url = \n")
    assert configuration(home).uv.problems == (f"{path}: TOMLDecodeError",)


def test_uv_gets_pips_sources_only_where_it_has_none_of_its_own() -> None:
    pip = Indexes(
        index=Said("https://pip.example", "pip.conf"),
        extra=(Said("https://b.example", "pip.conf"),),
        proxy=Said("http://proxy.example", "pip.conf"),
    )
    silent, spoken = Indexes(), Indexes(index=Said("https://uv.example", "uv.toml"))
    assert Configuration(pip, silent).for_uv() == pip
    expected = Indexes(index=Said("https://uv.example", "uv.toml"), proxy=Said("http://proxy.example", "pip.conf"))
    assert Configuration(pip, spoken).for_uv() == expected


@pytest.mark.parametrize(
    ("index", "extra", "expected"),
    [
        (None, ["https://a.example"], (["https://a.example"], None)),
        (None, ["https://a.example", "DEFAULT"], (["https://a.example"], None)),
        ("https://a.example", ["DEFAULT"], (["https://a.example"], "DEFAULT")),
        (
            "https://a.example",
            ["DEFAULT/", "https://b.example"],
            (["https://b.example", "https://a.example"], "DEFAULT/"),
        ),
        ("DEFAULT", ["https://a.example", "DEFAULT"], (["https://a.example"], "DEFAULT")),
        ("https://a.example", ["https://b.example"], (["https://b.example"], "https://a.example")),
    ],
)
def test_the_default_index_answers_last_wherever_pip_was_told_of_it(
    index: str | None, extra: list[str], expected: tuple[list[str], str | None]
) -> None:
    """Anybody can take a name there; uv by itself would ask it before the company's where it is an extra."""

    def said(url: str) -> Said:
        return Said(url.replace("DEFAULT", PYPI_SIMPLE_ENDPOINT.rstrip("/")), "pip.conf")

    pip = Indexes(index=None if index is None else said(index), extra=tuple(said(url) for url in extra))
    ordered = Indexes(
        index=None if expected[1] is None else said(expected[1]), extra=tuple(said(url) for url in expected[0])
    )
    assert Configuration(pip).for_pip() == ordered
    assert Configuration(pip).for_uv() == ordered
    assert ordered.is_last_the_default == (expected[1] in (None, "DEFAULT", "DEFAULT/"))


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("import", "the keyring provider import (pip.conf) is one that only pip has"),
        ("subprocess", None),
        ("disabled", None),
    ],
)
def test_what_uv_cannot_take_over(provider: str, expected: str | None) -> None:
    assert Configuration(pip=Indexes(keyring=Said(provider, "pip.conf"))).why_not_uv() == expected


def test_indexes_are_described_without_credentials_and_with_their_origin() -> None:
    indexes = Indexes(
        index=Said("https://ann:secret@index.example/simple/", "/etc/pip.conf"),
        extra=(Said("https://other.example/simple", "PIP_EXTRA_INDEX_URL"),),
    )
    used = [
        "https://index.example/simple",
        "https://ann:secret@index.example/simple",
        "https://third.example/simple",
        "",
    ]
    assert indexes.described(used) == (
        "https://index.example/simple (/etc/pip.conf)",
        "https://third.example/simple",
    )


def test_what_a_traceback_shows_of_it_holds_no_password() -> None:
    """IPython prints arguments in tracebacks where it is told to (`%xmode Verbose`)."""
    secret = Said("https://ann:secret@index.example/simple", "pip.conf")
    indexes = Indexes(index=secret, extra=(secret,), proxy=secret)
    variables = {"UV_INDEX_COMPANY_PASSWORD": "secret"}
    settings = {"index": [{"url": secret.value}]}
    command = Command(("uv",), variables, {"uv.toml": secret.value.encode()})
    machine = ThisMachine(variables=variables)
    shown = [Configuration(indexes, indexes, settings), Access.configured(indexes), command, machine]
    shown += [Uv(Path("uv"), variables), Pip(Version("26.0"), variables)]
    assert "secret" not in repr(shown)
    assert "https://index.example/simple" in repr(indexes)
