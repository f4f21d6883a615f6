"""Indexes that ask for a password, and several that have the same name, through the whole story."""

import dataclasses
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.conftest import FreshEnvironment, OpenTerminal, StartKernel
from tests.support.catalogue import Release, default_catalogue, stand_in
from tests.support.environments import Environment
from tests.support.faults import LoginPage, Password, Status
from tests.support.local_index import LocalIndex
from tests.support.passwords import forms, places_of, write_keyring

USER, PASSWORD = "ann", "s3cret/p@ss:w?rd"
SECRETS = forms(USER, PASSWORD)

MakeIndex = Callable[..., LocalIndex]


@pytest.fixture
def private_index(local_index: LocalIndex) -> LocalIndex:
    """Serve the default catalogue to those who know the password."""
    local_index.faults = [Password(USER, PASSWORD)]
    return local_index


def by_url(environment: Environment, index: LocalIndex, password: str) -> dict[str, str]:
    del environment
    url = index.url_for(USER, password)
    return {"PIP_INDEX_URL": url, "UV_DEFAULT_INDEX": url}


def by_pips_file(environment: Environment, index: LocalIndex, password: str) -> dict[str, str]:
    """Say it in pip's configuration, for uv too."""
    path = environment.home / "pip.conf"
    path.write_text(f"[global]\nindex-url = {index.url_for(USER, password)}\n", encoding="utf-8")
    return {"PIP_CONFIG_FILE": str(path), "PIP_INDEX_URL": "", "UV_DEFAULT_INDEX": ""}


def by_netrc(environment: Environment, index: LocalIndex, password: str) -> dict[str, str]:
    del index
    path = environment.home / ".netrc"
    path.write_text(f"machine 127.0.0.1 login {USER} password {password}\n", encoding="utf-8")
    path.chmod(0o600)
    return {}


def by_keyring(environment: Environment, index: LocalIndex, password: str) -> dict[str, str]:
    folder = write_keyring(Path(tempfile.mkdtemp(dir=environment.home)) / "keyring", USER, password)
    url = index.url.replace("://", f"://{USER}@")
    path = os.pathsep.join((str(folder), environment.environ["PATH"]))
    sources = {"PIP_INDEX_URL": url, "UV_DEFAULT_INDEX": url}
    return {**sources, "PATH": path, "PIP_KEYRING_PROVIDER": "subprocess", "UV_KEYRING_PROVIDER": "subprocess"}


WAYS = (by_url, by_pips_file, by_netrc, by_keyring)


def autoinstall(environment: Environment, *arguments: str, **environ: str) -> tuple[int, str]:
    """Run the command, look that it prints no password, and return its exit status and all that it printed."""
    (environment.home / "tmp").mkdir(exist_ok=True)
    environ = {"TMPDIR": str(environment.home / "tmp"), "TEMP": str(environment.home / "tmp"), **environ}
    result = environment.run("-m", "autoinstall", *arguments, environ=environ)
    printed = result.stdout + result.stderr
    assert not any(secret.decode() in printed for secret in SECRETS), printed
    return result.returncode, printed


def written(environment: Environment) -> list[str]:
    """Return which files hold the password, those apart in which the test or a tool's own cache has to have it."""
    own = [environment.home / name for name in (".netrc", "pip.conf", ".cache/uv", ".cache/pip")]
    found = places_of(SECRETS, environment.prefix, environment.home, without=own)
    return [str(path) for path in found if path.name != "known.py"]


@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize("way", WAYS)
def test_a_password_is_used_and_left_nowhere(
    fresh_environment: FreshEnvironment,
    private_index: LocalIndex,
    way: Callable[[Environment, LocalIndex, str], dict[str, str]],
    installer: str,
) -> None:
    environment = fresh_environment("plain-pip", private_index, AUTOINSTALL_INSTALLER=installer)
    before = environment.files()
    wrong = way(environment, private_index, "wrong")
    status, printed = autoinstall(environment, "install", "--mode", "auto", "--json", "yaml", **wrong)
    assert (status, environment.files()) == (3, before)
    assert f"{private_index.host} asks for a user name and a password, or refuses those that it got" in printed
    assert "(machine 127.0.0.1 login NAME password PASSWORD)" in printed
    right = way(environment, private_index, PASSWORD)
    status, printed = autoinstall(environment, "install", "--mode", "auto", "--json", "yaml", **right)
    assert status == 0, printed
    assert json.loads(printed.splitlines()[0])["installed"] == ["yaml"]
    assert environment.installed()["pyyaml"] == "6.0.3"
    assert not list(environment.site_packages.rglob("direct_url.json"))
    for command in (("history", "--json"), ("doctor", "--json"), ("doctor",)):
        assert autoinstall(environment, *command, **right)[0] == 0
    # What fails for another reason talks of the index too.
    status, printed = autoinstall(
        environment, "install", "--mode", "auto", "--project", "no-such-project", "nosuch", **right
    )
    assert status == 3, printed
    assert "no-such-project is not on " in printed
    assert written(environment) == []


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_without_a_password(fresh_environment: FreshEnvironment, private_index: LocalIndex, installer: str) -> None:
    environment = fresh_environment("plain-pip", private_index, AUTOINSTALL_INSTALLER=installer)
    before = environment.files()
    status, printed = autoinstall(environment, "install", "--mode", "auto", "yaml")
    assert (status, environment.files()) == (3, before)
    assert f"The index {private_index.host} asks for a user name and a password" in printed


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_the_question_and_its_details_show_no_password(
    fresh_environment: FreshEnvironment, private_index: LocalIndex, open_terminal: OpenTerminal, installer: str
) -> None:
    url = private_index.url_for(USER, PASSWORD)
    environment = fresh_environment("plain-pip", url, AUTOINSTALL_INSTALLER=installer)
    terminal = open_terminal(environment, "-m", "autoinstall", "install", "cv2")
    terminal.wait_for("[d]etails: ")
    terminal.type("d")
    terminal.wait_for("[d]etails: ")
    terminal.type("y")
    assert terminal.finish() == 0, terminal.screen
    assert f"from {private_index.url.rstrip('/')}" in " ".join(terminal.screen.split())
    assert not any(secret.decode() in terminal.screen for secret in SECRETS)
    assert written(environment) == []


@pytest.mark.kernel
def test_a_traceback_that_shows_arguments_shows_no_password(
    fresh_environment: FreshEnvironment, private_index: LocalIndex, start_kernel: StartKernel
) -> None:
    environment = fresh_environment("ipython9", private_index.url_for(USER, PASSWORD))
    kernel = start_kernel(environment)
    shown = [
        kernel.execute("%load_ext autoinstall\n%xmode Verbose"),
        kernel.execute("def load(where):\n    import cv2\n    return cv2\nload(1)", answers=["n"]),
        kernel.execute("import yaml, toves_of_nowhere", answers=["y"]),
        kernel.execute("%autoinstall doctor\n%autoinstall history"),
    ]
    printed = repr(shown)
    assert "ModuleNotFoundError" in printed
    assert not any(secret.decode() in printed for secret in SECRETS)
    assert written(environment) == []


@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (LoginPage(), "answers with what is not an index's page: either this network wants you to log in first"),
        (Status(403), "asks for a user name and a password, or refuses those that it got"),
    ],
    ids=["a page to log in on", "forbidden"],
)
def test_what_an_index_answers_instead(
    fresh_environment: FreshEnvironment, local_index: LocalIndex, installer: str, fault: LoginPage | Status, said: str
) -> None:
    local_index.faults = [fault]
    environment = fresh_environment("plain-pip", local_index, AUTOINSTALL_INSTALLER=installer)
    status, printed = autoinstall(environment, "install", "--mode", "auto", "yaml")
    assert status == 3
    assert said in printed
    assert local_index.host in printed


# Several indexes


def company_and_public(make_index: MakeIndex) -> tuple[LocalIndex, LocalIndex]:
    """Serve what a company has (all but Pillow), and what strangers have put under its names for everybody."""
    public = [
        stand_in("PyYAML", "99.0", "yaml"),
        stand_in("numpy", "99.0", "numpy"),
        stand_in("Pillow", "99.0", "PIL"),
    ]
    own = (release for release in default_catalogue() if release.distribution.project != "Pillow")
    return make_index(*own), make_index(*(Release(wheel) for wheel in public))


def told(environment: Environment, **environ: str) -> Environment:
    """Return the environment for a user who has said this of indexes, and nothing else."""
    left_out = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX")
    kept = {name: value for name, value in environment.environ.items() if name not in left_out}
    return dataclasses.replace(environment, environ={**kept, **environ})


@pytest.mark.parametrize(
    ("company_as", "public_as"), [("UV_INDEX", "UV_DEFAULT_INDEX"), ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL")]
)
def test_with_uv_the_first_index_that_has_a_project_answers_for_it(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, company_as: str, public_as: str
) -> None:
    """Also where pip was told of them; and what the first does not have is had from the other."""
    company, public = company_and_public(make_index)
    environment = told(
        fresh_environment("plain-pip", AUTOINSTALL_INSTALLER="uv"), **{company_as: company.url, public_as: public.url}
    )
    status, printed = autoinstall(environment, "install", "--mode", "auto", "yaml", "cv2", "PIL")
    assert status == 0, printed
    versions = environment.installed()
    assert (versions["pyyaml"], versions["numpy"], versions["pillow"]) == ("6.0.3", "2.4.1", "99.0")
    assert "pyyaml" not in public.asked


@pytest.mark.parametrize("names", [["yaml"], ["cv2"]], ids=["what is asked for", "what that needs"])
@pytest.mark.parametrize(
    ("company_as", "public_as"), [("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"), ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")]
)
def test_with_pip_a_higher_version_elsewhere_is_refused(
    fresh_environment: FreshEnvironment,
    make_index: MakeIndex,
    names: Sequence[str],
    company_as: str,
    public_as: str,
) -> None:
    """By itself pip would install it: it asks all and takes the highest."""
    company, public = company_and_public(make_index)
    environment = told(
        fresh_environment("plain-pip", AUTOINSTALL_INSTALLER="pip"),
        **{company_as: company.url, public_as: public.url},
    )
    before = environment.files()
    status, printed = autoinstall(environment, "install", "--mode", "auto", *names)
    assert (status, environment.files()) == (3, before), printed
    assert f"99.0 would come from {public.url}, but {company.url} " in printed


def test_with_pip_what_one_index_has_or_both_have_alike_is_installed(
    fresh_environment: FreshEnvironment, make_index: MakeIndex
) -> None:
    one, other = make_index(*default_catalogue()), make_index(Release(stand_in("numpy", "2.4.1", "numpy")))
    environment = told(
        fresh_environment("plain-pip", AUTOINSTALL_INSTALLER="pip"),
        PIP_INDEX_URL=one.url,
        PIP_EXTRA_INDEX_URL=other.url,
    )
    status, printed = autoinstall(environment, "install", "--mode", "auto", "cv2", "yaml")
    assert status == 0, printed
    assert {"opencv-python", "numpy", "pyyaml"} <= environment.installed().keys()


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_where_the_first_asks_for_a_password_nothing_is_taken_from_the_other(
    fresh_environment: FreshEnvironment, make_index: MakeIndex, installer: str
) -> None:
    company, public = company_and_public(make_index)
    company.faults = [Password(USER, PASSWORD)]
    environment = told(
        fresh_environment("plain-pip", AUTOINSTALL_INSTALLER=installer),
        PIP_EXTRA_INDEX_URL=company.url,
        PIP_INDEX_URL=public.url,
    )
    before = environment.files()
    status, printed = autoinstall(environment, "install", "--mode", "auto", "yaml")
    assert (status, environment.files()) == (3, before), printed
    assert company.host in printed


def test_exactly_one_index_is_asked_unless_more_are_configured(
    fresh_environment: FreshEnvironment, make_index: MakeIndex
) -> None:
    company, public = company_and_public(make_index)
    for installer in ("uv", "pip"):
        environment = fresh_environment("plain-pip", company, AUTOINSTALL_INSTALLER=installer)
        assert autoinstall(environment, "install", "--mode", "auto", "yaml")[0] == 0
    assert company.asked == {"pyyaml"}
    assert not public.requests
