"""What the user, the administrator and the working folder wish, made one answer."""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from autoinstall.errors import BadProjectNameError, BadSettingError
from autoinstall.names import ProjectName, project_name
from autoinstall.target import VARIABLE as TARGET_VARIABLE


class Mode(StrEnum):
    """What may happen on a missing import, from the tightest to the loosest."""

    OFF = "off"
    ASK = "ask"
    AUTO = "auto"


class InstallerChoice(StrEnum):
    """Which tool plans and installs; `auto` takes the one that the environment uses."""

    AUTO = "auto"
    CONDA = "conda"
    UV = "uv"
    PIP = "pip"


FOLDER_FILE = "autoinstall.toml"
"""A file of this name in the working folder can make things tighter, never looser."""

_TIGHTEST_FIRST = tuple(Mode)
_LONGEST_WAIT_DAYS = 3650

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force, and where each that is not the default was said.

    `deny` and `allow` hold project names and, in the same normalised form, import names; an `allow` of `None` allows
    all, and a name has to pass every list. `min_age_days` is in days. `target` is the folder that holds a user's own
    folders beside environments that are not theirs to change; `None`: the usual one, for those who are asked.
    `held_off_by` is the file of the administrator's or the working folder that says `off`, where one does;
    `age_held_by` the one that asks for an age, and for no lesser one than the user.
    """

    mode: Mode = Mode.ASK
    installer: InstallerChoice = InstallerChoice.AUTO
    min_age_days: int = 7
    deny: frozenset[ProjectName] = frozenset()
    allow: frozenset[ProjectName] | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    target: Path | None = None
    held_off_by: str = ""
    age_held_by: str = ""


def settle(
    explicit: Mapping[str, object] | None = None,
    traitlets: Mapping[str, object] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    user_file: Path | None = None,
    site_file: Path | None = None,
    folder: Path | None = None,
    pass_over: Callable[[BadSettingError], None] | None = None,
) -> Settings:
    """Return the settings in force.

    Precedence: `explicit` (arguments, magics) > `traitlets` (those really set) > environment variables > the user's
    file > default. The administrator's file and `autoinstall.toml` in the working folder come last and only tighten:
    a mode that is looser than what holds is passed over, denials add up, allowances intersect. The paths default to
    this machine's. Raises `BadSettingError` for a value that a setting cannot have, naming where it was said. Where
    they are for an answer only, and nothing will be installed, `pass_over` hears of it instead: what was said there
    counts for nothing.
    """
    variables = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}

    def checked(said: Path | Mapping[str, object], origin: str) -> dict[str, Any]:
        try:
            return _checked(_read(said) if isinstance(said, Path) else said, origin)
        except BadSettingError as problem:
            if pass_over is None:
                raise
            pass_over(problem)
            return {}

    user_file = user_file or user_settings_file()
    for origin, said in (
        (str(user_file), user_file),
        ("environment", _from_variables(variables)),
        ("c.AutoInstall", traitlets or {}),
        ("argument", explicit or {}),
    ):
        for key, value in checked(said, origin).items():
            values[key] = value
            origins[key] = origin
    settings = Settings(**values, origins=origins)
    for file in (site_file or site_settings_file(), (folder or _working_folder()) / FOLDER_FILE):
        settings = _tightened(settings, checked(file, str(file)), str(file))
    return settings


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except OSError:  # somebody removed it, and what it may have said
        return Path()


def user_settings_file() -> Path:
    """Return where the user's own settings lie on this platform."""
    import platformdirs  # noqa: PLC0415 - settings are read on a miss only

    return platformdirs.user_config_path("autoinstall", appauthor=False) / "config.toml"


def site_settings_file() -> Path:
    """Return where an administrator's settings lie on this platform."""
    import platformdirs  # noqa: PLC0415 - settings are read on a miss only

    return platformdirs.site_config_path("autoinstall", appauthor=False) / "config.toml"


def mode(value: object, origin: str = "argument") -> Mode:
    """Return `value` as a mode, or raise `BadSettingError`."""
    return _member(Mode, "mode", value, origin)


def installer_choice(value: object, origin: str = "argument") -> InstallerChoice:
    """Return `value` as an installer, or raise `BadSettingError`."""
    return _member(InstallerChoice, "installer", value, origin)


def _from_variables(variables: Mapping[str, str]) -> dict[str, object]:
    named = {
        "mode": variables.get("AUTOINSTALL_MODE"),
        "installer": variables.get("AUTOINSTALL_INSTALLER"),
        "target": variables.get(TARGET_VARIABLE),
    }
    return {key: value for key, value in named.items() if value}


def _read(path: Path) -> Mapping[str, object]:
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as problem:
        raise BadSettingError(
            "settings file", type(problem).__name__, "readable TOML in UTF-8", str(path)
        ) from problem
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise BadSettingError("settings file", str(problem), "valid TOML", str(path)) from problem


def _checked(said: Mapping[str, object], origin: str) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for key, value in said.items():
        if key == "mode":
            checked[key] = mode(value, origin)
        elif key == "installer":
            checked[key] = installer_choice(value, origin)
        elif key == "min_age_days":
            checked[key] = _days(value, origin)
        elif key == "target":
            checked[key] = _folder(key, value, origin)
        elif key in ("deny", "allow"):
            checked[key] = _projects(key, value, origin)
        else:
            allowed = "one of the settings mode, installer, min_age_days, target, deny, allow"
            raise BadSettingError("setting", key, allowed, origin)
    return checked


def _member(kind: type[_Choice], setting: str, value: object, origin: str) -> _Choice:
    try:
        return kind(str(value).strip().casefold())
    except ValueError as problem:
        raise BadSettingError(setting, value, " or ".join(kind), origin) from problem


def _days(value: object, origin: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LONGEST_WAIT_DAYS:
        return value
    allowed = f"a whole number of days from 0 to {_LONGEST_WAIT_DAYS}"
    raise BadSettingError("min_age_days", value, allowed, origin)


def _folder(setting: str, value: object, origin: str) -> Path:
    folder = Path(os.path.expanduser(str(value)))  # noqa: PTH111 - its twin raises where there is no home
    if isinstance(value, str | os.PathLike) and folder.is_absolute():
        return folder
    raise BadSettingError(setting, value, "a folder, written from the root or from ~", origin)


def _projects(setting: str, value: object, origin: str) -> frozenset[ProjectName]:
    allowed = 'a list of import or project names, such as ["cv2", "opencv-python"]'
    if not isinstance(value, list | tuple | set | frozenset):
        raise BadSettingError(setting, value, allowed, origin)
    try:
        return frozenset(project_name(str(entry)) for entry in value)
    except BadProjectNameError as problem:
        raise BadSettingError(setting, problem.text, allowed, origin) from problem


def _tightened(settings: Settings, said: Mapping[str, Any], origin: str) -> Settings:
    origins = dict(settings.origins)
    in_force = settings.mode
    wished = said.get("mode", in_force)
    if _TIGHTEST_FIRST.index(wished) < _TIGHTEST_FIRST.index(in_force):
        in_force = wished
        origins["mode"] = origin
    min_age_days = max(settings.min_age_days, said.get("min_age_days", 0))
    if min_age_days > settings.min_age_days:
        origins["min_age_days"] = origin
    allow = settings.allow
    if "allow" in said:
        allow = said["allow"] if allow is None else allow & said["allow"]
    return Settings(
        mode=in_force,
        installer=settings.installer,
        min_age_days=min_age_days,
        target=settings.target,
        deny=settings.deny | said.get("deny", frozenset()),
        allow=allow,
        origins=origins | {key: origin for key in ("deny", "allow") if key in said},
        held_off_by=origin if said.get("mode") is Mode.OFF else settings.held_off_by,
        age_held_by=origin if 0 < said.get("min_age_days", 0) == min_age_days else settings.age_held_by,
    )
