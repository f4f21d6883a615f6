"""A keyring's command that knows one password, and the search for a secret in all that was written or printed."""

import base64
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

_KEYRING = """\
import json, sys
user, password = {user!r}, {password!r}
words = [word for word in sys.argv[1:] if not word.startswith("--")]
if words[0] != "get" or words[2:] not in ([], [user]):
    sys.exit(1)
if "--mode=creds" in sys.argv:
    print(json.dumps({{"username": user, "password": password}}))
elif words[2:] == [user]:
    print(password)
else:
    sys.exit(2)
"""


def write_keyring(folder: Path, user: str, password: str) -> Path:
    """Write a `keyring` command as keyring 25.7 has it, which knows this password for every index; return its folder.

    The folder is to go on `PATH`.
    """
    folder.mkdir()
    script = folder / "known.py"
    script.write_text(_KEYRING.format(user=user, password=password), encoding="utf-8")
    if sys.platform == "win32":
        (folder / "keyring.cmd").write_text(f'@"{sys.executable}" "{script}" %*\n', encoding="utf-8")
    else:
        command = folder / "keyring"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n', encoding="utf-8")
        command.chmod(0o755)
    return folder


def forms(user: str, password: str) -> tuple[bytes, ...]:
    """Return the ways in which a password can be written: as it is, in a URL, in a header."""
    basic = base64.b64encode(f"{user}:{password}".encode())
    return tuple(dict.fromkeys((password.encode(), quote(password, safe="").encode(), basic)))


def places_of(secrets: Iterable[bytes], *folders: Path, without: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield every file below the folders that holds one of the secrets, in its content or its name."""
    secrets, left_out = tuple(secrets), tuple(map(str, without))
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                path = Path(parent, name)
                if not str(path).startswith(left_out) and path.is_file():
                    content = os.fsencode(name) + path.read_bytes()
                    if any(secret in content for secret in secrets):
                        yield path
