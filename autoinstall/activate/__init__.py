"""Bringing a staged install into an environment, whole or not at all, and taking it back."""

from autoinstall.activate.admission import Admitted, admit, keep, new_staging, withdraw
from autoinstall.activate.inspection import inspect
from autoinstall.activate.lock import lock, recover
from autoinstall.activate.objections import Hazard, Objection
from autoinstall.activate.places import sites_in
from autoinstall.activate.removal import loaded, needed_by_others, take_back
from autoinstall.activate.replacement import loaded_of
from autoinstall.activate.sight import look_anew, refresh, verify
from autoinstall.environment import Environment
from autoinstall.past.transaction import TakenBack

__all__ = [
    "Admitted",
    "Environment",
    "Hazard",
    "Objection",
    "TakenBack",
    "admit",
    "inspect",
    "keep",
    "loaded",
    "loaded_of",
    "lock",
    "look_anew",
    "needed_by_others",
    "new_staging",
    "recover",
    "refresh",
    "sites_in",
    "take_back",
    "verify",
    "withdraw",
]
