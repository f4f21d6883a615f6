"""Which indexes the user has configured for pip and for uv, how they are reached, and where each of it was said."""

import configparser
import locale
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autoinstall.platforms import Platform, pip_configuration_files, uv_configuration_files
from autoinstall.text import printable, redacted


def asks_for_a_password(host: str) -> str:
    """Return what to say of an index that answered 401 or 403: what it wants, and where the tools find that."""
    machine = host.rpartition(":")[0] or host or "HOST"
    return (
        "asks for a user name and a password, or refuses those that it got: put them into .netrc in your home folder "
        f"(machine {printable(machine)} login NAME password PASSWORD), into the index's URL, "
        "or into a keyring (with NAME in the URL and keyring-provider = subprocess)"
    )


@dataclass(frozen=True, slots=True)
class Said:
    """A value, which may hold a password, and where it was said: a file's path or a variable's name."""

    value: str
    origin: str

    def __repr__(self) -> str:
        """Leave passwords out: tracebacks that show arguments would print them."""
        return f"Said({redacted(self.value)!r}, {self.origin!r})"


@dataclass(frozen=True, slots=True)
class Indexes:
    """One tool's index configuration. Values may hold credentials: show them by `text.redacted` only.

    `index` is `None` where the tool's own default holds. `extra` are further indexes. The first index that has a
    project answers for it: those of `extra` in their order, then `index`, as uv has it. `keyring` is the
    tool's word for a keyring provider, `timeout` is in seconds.
    """

    index: Said | None = None
    extra: tuple[Said, ...] = ()
    find_links: tuple[Said, ...] = ()
    no_index: Said | None = None
    trusted_hosts: tuple[Said, ...] = ()
    certificate: Said | None = None
    client_certificate: Said | None = None
    proxy: Said | None = None
    keyring: Said | None = None
    timeout: Said | None = None
    problems: tuple[str, ...] = ()
    """Files that cannot be read, each in a few words."""

    @property
    def names_sources(self) -> bool:
        """Tell whether anything is said about where distributions come from."""
        return bool(self.index or self.extra or self.find_links or self.no_index)

    @property
    def only_one(self) -> str | None:
        """The URL, without credentials, of the index that all comes from; `None` where it is not one, or not said."""
        is_only_one = not (self.extra or self.find_links or self.no_index)
        return redacted(self.index.value) if self.index is not None and is_only_one else None

    @property
    def is_last_the_default(self) -> bool:
        """Tell whether the index that is asked last is the one that the tools themselves come with."""
        return self.index is None or _is_default(self.index.value)

    def with_default_last(self) -> "Indexes":
        """Return pip's indexes in an order, which pip itself has not: the default index last, wherever it was said.

        pip's users name their own index as the first and the public one as an extra, or the other way round. The
        public one is where anybody can take a name, so it answers only for what none of the others has.
        """
        others = tuple(said for said in self.extra if not _is_default(said.value))
        if len(others) == len(self.extra):
            return self
        default = next(said for said in self.extra if _is_default(said.value))
        if self.is_last_the_default:
            return replace(self, extra=others)
        return replace(self, index=default, extra=(*others, *((self.index,) if self.index is not None else ())))

    def described(self, used: Iterable[str]) -> tuple[str, ...]:
        """Return the indexes `used` for people to read: without credentials, each with where it was configured."""
        origins = {_bare(said.value): said.origin for said in (*self.find_links, *self.extra, self.index) if said}
        shown = {}
        for url in used:
            if bare := _bare(url):
                origin = origins.get(bare)
                shown[bare] = bare if origin is None else f"{bare} ({origin})"
        return tuple(shown.values())


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is configured for pip and for uv. `uv_settings` are the settings of uv's files that are carried over."""

    pip: Indexes = field(default_factory=Indexes)
    uv: Indexes = field(default_factory=Indexes)
    uv_settings: Mapping[str, object] = field(default_factory=dict, repr=False)

    def for_uv(self) -> Indexes:
        """Return what holds when uv installs: its own configuration, and pip's where uv has been told nothing."""
        pip, uv = self.pip, self.uv
        sources = uv if uv.names_sources else self.for_pip()
        return Indexes(
            index=sources.index,
            extra=sources.extra,
            find_links=sources.find_links,
            no_index=sources.no_index,
            trusted_hosts=uv.trusted_hosts or pip.trusted_hosts,
            certificate=uv.certificate or pip.certificate,
            client_certificate=uv.client_certificate or pip.client_certificate,
            proxy=uv.proxy or pip.proxy,
            keyring=uv.keyring or pip.keyring,
            timeout=uv.timeout or pip.timeout,
            problems=(*pip.problems, *uv.problems),
        )

    def for_pip(self) -> Indexes:
        """Return what holds when pip installs, in the order in which the indexes answer for a project."""
        return self.pip.with_default_last()

    def why_not_uv(self) -> str | None:
        """Say what of pip's configuration has no counterpart in uv, or `None` where all can be carried over."""
        keyring = self.for_uv().keyring
        if keyring is not None and keyring.value == "import":
            return f"the keyring provider import ({keyring.origin}) is one that only pip has"
        return None


NETWORK_SETTINGS_OF_UV = frozenset(
    {
        "allow-insecure-host",
        "cache-dir",
        "extra-index-url",
        "find-links",
        "http-proxy",
        "https-proxy",
        "index",
        "index-strategy",
        "index-url",
        "keyring-provider",
        "link-mode",
        "native-tls",
        "no-cache",
        "no-index",
        "no-proxy",
        "system-certs",
    }
)
"""Settings of `uv.toml` that say where files come from and how; all others are left behind."""

VARIABLES_OF_UV = frozenset(
    {
        "UV_CACHE_DIR",
        "UV_DEFAULT_INDEX",
        "UV_EXTRA_INDEX_URL",
        "UV_FIND_LINKS",
        "UV_HTTP_TIMEOUT",
        "UV_INDEX",
        "UV_INDEX_STRATEGY",
        "UV_INDEX_URL",
        "UV_INSECURE_HOST",
        "UV_KEYRING_PROVIDER",
        "UV_LINK_MODE",
        "UV_NATIVE_TLS",
        "UV_NO_CACHE",
        "UV_OFFLINE",
        "UV_SYSTEM_CERTS",
    }
)
"""Variables of uv's that say where files come from and how, besides the credentials `UV_INDEX_<NAME>_…`."""

_PIP_OPTIONS = {
    "index-url": "index",
    "pypi-url": "index",
    "extra-index-url": "extra",
    "find-links": "find_links",
    "no-index": "no_index",
    "trusted-host": "trusted_hosts",
    "cert": "certificate",
    "client-cert": "client_certificate",
    "proxy": "proxy",
    "keyring-provider": "keyring",
    "timeout": "timeout",
    "default-timeout": "timeout",
}
"""What is carried over of pip's options, aliases included. `target`, `user`, `prefix` and all others never are."""

_SEVERAL = frozenset({"extra", "find_links", "trusted_hosts"})
_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})


def read(
    variables: Mapping[str, str], prefix: Path, *, home: Path | None = None, platform: Platform | None = None
) -> Configuration:
    """Return the index configuration in force for the environment at `prefix`.

    Read are pip's global, user and environment-level files, the file that `PIP_CONFIG_FILE` names, and `PIP_*`; uv's
    system and user files or the one that `UV_CONFIG_FILE` names, and `UV_*`; and nothing that lies in the working
    folder or its parents. A file that cannot be read is passed over and named among the `problems`.
    """
    home = home or Path.home()
    uv, settings = _of_uv(variables, home, platform)
    return Configuration(_of_pip(variables, prefix, home, platform), uv, settings)


def _of_pip(variables: Mapping[str, str], prefix: Path, home: Path, platform: Platform | None) -> Indexes:
    named = variables.get("PIP_CONFIG_FILE")
    files: tuple[str, ...] = ()
    if named != os.devnull:  # pip's own rule: the null device switches all files off
        files = pip_configuration_files(str(prefix), variables, str(home), platform)
        files += (named,) if named else ()
    in_section: dict[str, dict[str, Said]] = {"global": {}, "install": {}}
    problems = []
    for path in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding=locale.getpreferredencoding(do_setlocale=False))
        except (configparser.Error, UnicodeDecodeError, OSError) as problem:
            problems.append(f"{path}: {type(problem).__name__}")
            continue
        for section, options in in_section.items():
            if parser.has_section(section):  # files override each other key by key
                options |= {_pip_key(key): Said(value, path) for key, value in parser.items(section)}
    fields: dict[str, Any] = {"problems": tuple(problems)}  # keyword arguments of `Indexes`, of several types
    for key, said in _in_force(in_section, variables).items():
        option = _PIP_OPTIONS.get(key)
        if option is None:
            continue
        if option in _SEVERAL:
            fields[option] = _split(said)
        elif option != "no_index" or said.value.strip().lower() in _TRUE:
            fields[option] = replace(said, value=said.value.strip())
    return Indexes(**fields)


def _in_force(in_section: Mapping[str, Mapping[str, Said]], variables: Mapping[str, str]) -> Mapping[str, Said]:
    """Return what holds by pip's own order: `[install]` overrides `[global]`, and the environment both.

    What is empty overrides nothing.
    """
    in_environment = {
        _pip_key(name.removeprefix("PIP_")): Said(value, name)
        for name, value in variables.items()
        if name.startswith("PIP_")
    }
    in_force: dict[str, Said] = {}
    for options in (in_section["global"], in_section["install"], in_environment):
        in_force |= {key: said for key, said in options.items() if said.value.strip()}
    return in_force


def _pip_key(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


def _of_uv(
    variables: Mapping[str, str], home: Path, platform: Platform | None
) -> tuple[Indexes, Mapping[str, object]]:
    named = variables.get("UV_CONFIG_FILE")
    files: tuple[str, ...] = (named,) if named else uv_configuration_files(variables, str(home), platform)
    if variables.get("UV_NO_CONFIG", "").strip().lower() in _TRUE:
        files = ()
    settings: dict[str, object] = {}
    origins: dict[str, str] = {}
    problems = []
    for path in files:
        try:
            said = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as problem:
            problems.append(f"{path}: {type(problem).__name__}")
            continue
        for_pip = said.get("pip")  # `[pip]` holds for `uv pip` and overrides the top level there
        for key, value in (said | (for_pip if isinstance(for_pip, dict) else {})).items():
            if key in NETWORK_SETTINGS_OF_UV:
                before = settings.get(key)
                # The user's list comes before the system's, as in uv.
                settings[key] = [*value, *before] if isinstance(value, list) and isinstance(before, list) else value
                origins[key] = path
    return _indexes_of_uv(settings, origins, variables, tuple(problems)), settings


def _indexes_of_uv(
    settings: Mapping[str, object],
    origins: Mapping[str, str],
    variables: Mapping[str, str],
    problems: tuple[str, ...],
) -> Indexes:
    def one(variable: str, *keys: str) -> Said | None:
        if value := variables.get(variable):
            return Said(value, variable)
        for key in keys:
            setting = settings.get(key)
            if isinstance(setting, str) and setting:
                return Said(setting, origins[key])
        return None

    def several(variable: str, key: str) -> tuple[Said, ...]:
        said = variables.get(variable, "").replace(",", " ").split()
        if said:
            return tuple(Said(value, variable) for value in said)
        values = settings.get(key)
        return tuple(Said(str(value), origins[key]) for value in values) if isinstance(values, list) else ()

    defaults: list[Said] = []
    extra: list[Said] = []
    tables = settings.get("index")
    for table in tables if isinstance(tables, list) else ():
        if isinstance(table, dict) and isinstance(table.get("url"), str) and not table.get("explicit"):
            (defaults if table.get("default") else extra).append(Said(table["url"], origins["index"]))
    named = [
        replace(said, value=said.value.partition("=")[2] if _is_named(said.value) else said.value)
        for said in _split(Said(variables.get("UV_INDEX", ""), "UV_INDEX"))
    ]
    no_index = settings.get("no-index")
    return Indexes(
        index=one("UV_DEFAULT_INDEX") or one("UV_INDEX_URL") or next(iter(defaults), None) or one("", "index-url"),
        extra=(*named, *several("UV_EXTRA_INDEX_URL", "extra-index-url"), *extra),
        find_links=several("UV_FIND_LINKS", "find-links"),
        no_index=Said("true", origins["no-index"]) if no_index is True else None,
        trusted_hosts=several("UV_INSECURE_HOST", "allow-insecure-host"),
        keyring=one("UV_KEYRING_PROVIDER", "keyring-provider"),
        proxy=one("", "https-proxy", "http-proxy"),
        timeout=one("UV_HTTP_TIMEOUT"),
        problems=problems,
    )


def _is_named(value: str) -> bool:
    """Tell `company=https://…` from a URL that merely has a `=` in it."""
    name, equals, _ = value.partition("=")
    return bool(equals) and name.replace("-", "").replace("_", "").replace(".", "").isalnum()


def _is_default(url: str) -> bool:
    # Half a second, for those alone who have several indexes; the index is named by those who look after its client.
    from pypi_simple import PYPI_SIMPLE_ENDPOINT  # noqa: PLC0415

    return _bare(url) == _bare(PYPI_SIMPLE_ENDPOINT)


def _bare(url: str) -> str:
    return redacted(url).rstrip("/")


def _split(said: Said) -> tuple[Said, ...]:
    return tuple(_each(said.value.split(), said.origin))


def _each(values: Iterable[str], origin: str) -> Iterable[Said]:
    return (Said(value, origin) for value in values)
