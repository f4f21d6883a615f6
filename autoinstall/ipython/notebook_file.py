"""Which file the notebook is kept in, where the frontend has told the kernel."""

import os
from collections.abc import Mapping
from pathlib import Path


def notebook_file(namespace: Mapping[str, object], variables: Mapping[str, str] = os.environ) -> Path | None:
    """Return the notebook's file, `None` where it is not known or is not there any more.

    VS Code puts it into the user's `namespace` as `__vsc_ipynb_file__`, Jupyter Server (from 2.0 on) into the
    environment `variables` as `JPY_SESSION_NAME`, once: a notebook that has been renamed since is not found.
    """
    for told in (namespace.get("__vsc_ipynb_file__"), variables.get("JPY_SESSION_NAME")):
        if isinstance(told, str) and told.endswith(".ipynb") and os.path.isfile(told):  # noqa: PTH113 - text from others
            return Path(told)
    return None
