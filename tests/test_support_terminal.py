"""The test ground's terminal: what is typed arrives, what is shown is read, and it is really a terminal."""

import sys

import pytest

from tests.conftest import FreshEnvironment

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals on Windows", allow_module_level=True)

from tests.conftest import OpenTerminal
from tests.support.terminal import IPYTHON


def test_a_script_in_a_terminal(fresh_environment: FreshEnvironment, open_terminal: OpenTerminal) -> None:
    environment = fresh_environment("plain")
    script = environment.script(
        "import os, sys\n"
        "print([stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)], os.get_terminal_size().columns)\n"
        "print('hello', input('name? '))\n"
        "try:\n    input('more? ')\nexcept BaseException as error:\n    print(type(error).__name__)\n"
        "try:\n    input('still more? ')\nexcept BaseException as error:\n    print(type(error).__name__)\n"
        "sys.exit(3)\n"
    )
    terminal = open_terminal(environment, str(script))
    assert terminal.wait_for("name? ") == "[True, True, True] 80\n"
    terminal.type("Ann")
    terminal.wait_for("more? ")
    terminal.press_interrupt()
    terminal.wait_for("KeyboardInterrupt")
    terminal.wait_for("still more? ")
    terminal.press_end_of_file()
    assert terminal.finish() == 3
    assert "hello Ann\n" in terminal.screen
    assert terminal.screen.endswith("EOFError\n")


def test_a_terminal_ipython(fresh_environment: FreshEnvironment, open_terminal: OpenTerminal) -> None:
    environment = fresh_environment("ipython9")
    terminal = open_terminal(environment, *IPYTHON)
    terminal.wait_for("In [1]: ")
    terminal.type("import sys; sys.prefix")
    assert str(environment.prefix) in terminal.wait_for("In [2]: ")
    terminal.type("exit")
    assert terminal.finish() == 0
