"""Words for the screen."""

import pytest

from autoinstall.text import printable_name, redacted, version_as_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://index.example/simple", "https://index.example/simple"),
        ("https://ann:secret@index.example/simple", "https://index.example/simple"),
        ("https://token@index.example:8443/simple", "https://index.example:8443/simple"),
        ("https://ann:se@cr?e#t@index.example/simple", "https://index.example/simple"),
        ("https://ann:%40%2F@[::1]:80/simple", "https://[::1]:80/simple"),
        ("git+ssh://git@host.example/x", "git+ssh://host.example/x"),
        ("https://index.example/simple/?token=secret", "https://index.example/simple/?…"),
        (
            "got 'https://a:b@index.example/x.whl?sig=se/cret&b#sha256=0', twice?",
            "got 'https://index.example/x.whl?…#sha256=0', twice?",
        ),
        (
            "no route to http://a:b@one.example/x or http://c:d@two.example/y",
            "no route to http://one.example/x or http://two.example/y",
        ),
        ("invalid port in https://ann:pa/ss@w@index.example/x", "invalid port in https://index.example/x"),
        ("https://index.example:8443/simple/@scope/x", "https://index.example:8443/simple/@scope/x"),
        ("https://[::1]:80/simple/@scope/x", "https://[::1]:80/simple/@scope/x"),
        ("https://index.example/simple/@scope/x", "https://index.example/simple/@scope/x"),
        ("write to ann@index.example", "write to ann@index.example"),
        ("", ""),
    ],
)
def test_credentials_are_taken_out(text: str, shown: str) -> None:
    assert redacted(text) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("snark/hunt-1.0.py", "snark/hunt-1.0.py"),
        ("Install it? [y]es: ", r"Install\x20it?\x20[y]es:\x20"),
        ("snark\x1b[2J\u202e\u200b\n.py", r"snark\x1b[2J\u202e\u200b\n.py"),
        ("snark\xa0.py", r"snark\xa0.py"),
    ],
)
def test_a_stranger_s_name_is_one_word(name: str, shown: str) -> None:
    assert printable_name(name) == shown


def test_a_version_is_short() -> None:
    assert (version_as_text("1.0+cu121"), version_as_text("9" * 5000)) == ("1.0+cu121", f"{'9' * 39}…")
