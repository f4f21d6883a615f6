"""Which installed distributions an environment may replace by another version, since they are its own."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from autoinstall.environment import Environment, Installed
from autoinstall.names import project_name
from autoinstall.text import printable

OURSELVES = project_name("ipython-autoinstall")


@dataclass(frozen=True, slots=True)
class Changes:
    """Whether installed distributions may be changed for a plan, as only a person can say, and which never may.

    `why_not` returns why one is to stay as it is whatever was said, `None` where it may be replaced.
    """

    are_allowed: bool = False
    why_not: Callable[[Installed], str | None] = lambda _one: None


LEAVE_ALL = Changes()
"""What holds where nobody has said anything."""


def why_not_replaced(one: Installed, environment: Environment) -> str | None:
    """Say why a distribution is not to be replaced by what is installed into an environment; `None` where it may be.

    Replaced is only what came from an index and lies, with a record of its files, in the environment itself.
    """
    if one.project == OURSELVES:
        return "it is what installs here"
    sites = {os.path.realpath(site) for site in (environment.purelib, environment.platlib)}
    if os.path.realpath(one.location) not in sites:
        return f"it lies in {printable(str(one.location))}, outside of what is installed into"
    if one.is_editable:
        return "it is an editable install of a folder of source code"
    if one.direct_url is not None:
        return "it was not installed from an index"
    folder = one.metadata_folder
    if folder is None or not (folder / "RECORD").is_file():
        return "nothing says which files are its own"
    if environment.is_conda and _installed_by(one) == "conda":
        return "conda installed it, and only conda may change it"
    return None


def _installed_by(one: Installed) -> str:
    try:
        return (one.metadata_folder / "INSTALLER").read_text("utf-8").strip() if one.metadata_folder else ""
    except (OSError, UnicodeDecodeError):
        return ""
