"""Which files of an environment somebody has a record of, and who."""

import os
from collections.abc import Collection
from pathlib import Path

from packaging.utils import canonicalize_name

from autoinstall.environment import conda_meta


def owned(sites: tuple[Path, ...], prefix: Path, but: Collection[str] = ()) -> dict[str, str]:
    """Return every file that somebody has a record of (normcased), with the name of whose it is.

    That is each distribution's RECORD, and conda's records where conda made the environment. `but` are projects whose
    files are not asked for.
    """
    from importlib.metadata import distributions  # noqa: PLC0415 - 20 ms, and only a collision needs it

    found: dict[str, str] = {}
    for distribution in distributions(path=[str(site) for site in sites]):
        # Each of these reads METADATA anew.
        name, version = distribution.name or "", distribution.version
        if canonicalize_name(name) in but:
            continue
        folder = str(distribution.locate_file(""))
        for listed in distribution.files or ():
            where = os.path.normcase(os.path.normpath(os.path.join(folder, str(listed))))  # noqa: PTH118 - thousands
            found.setdefault(where, f"{name} {version}")
    return conda_meta.owners(prefix) | found
