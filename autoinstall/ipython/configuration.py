"""The settings as traitlets: `c.AutoInstall.mode = "ask"` in a profile, `%config AutoInstall` in a cell."""

from collections.abc import Callable, Mapping

from traitlets import Enum, Integer, Unicode
from traitlets.config import Configurable

from autoinstall.ipython.shell import Shell
from autoinstall.settings import InstallerChoice, Mode

_SETTINGS = ("mode", "installer", "min_age_days", "target")


class AutoInstall(Configurable):
    """What may happen when an import is missing. `None` leaves a setting to the environment and the user's file."""

    mode = Enum(
        tuple(map(str, Mode)),
        default_value=None,
        allow_none=True,
        help="ask (a question before anything is installed), auto (no question where the table vouches), or off.",
    ).tag(config=True)

    installer = Enum(
        tuple(map(str, InstallerChoice)),
        default_value=None,
        allow_none=True,
        help="uv, pip, or auto: the one that suits the environment.",
    ).tag(config=True)

    min_age_days = Integer(
        default_value=None,
        allow_none=True,
        min=0,
        help="How many days a release has to have been on the index, where that is known.",
    ).tag(config=True)

    target = Unicode(
        default_value=None,
        allow_none=True,
        help="The folder that holds your own installs beside environments that are not yours to change.",
    ).tag(config=True)

    def said(self) -> Mapping[str, object]:
        """Return the settings that were really set."""
        values = {name: getattr(self, name) for name in _SETTINGS}
        return {name: value for name, value in values.items() if value is not None}


class Configuration:
    """Has the shell know the traitlets: those configured are read, and later changes are told."""

    def __init__(self, shell: Shell, tell: Callable[[Mapping[str, object]], None]) -> None:
        """Raise `traitlets.TraitError` for a configured value that a setting cannot have."""
        self._shell = shell
        self._traitlets = AutoInstall(parent=shell)
        self._traitlets.observe(lambda _change: tell(self._traitlets.said()), _SETTINGS)
        shell.configurables.append(self._traitlets)
        tell(self._traitlets.said())

    def end(self) -> None:
        """Have the shell forget them."""
        self._shell.configurables[:] = [each for each in self._shell.configurables if each is not self._traitlets]
