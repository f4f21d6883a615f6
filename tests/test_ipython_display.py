"""What a cell shows of an install, and what it keeps."""

import io

from autoinstall.ipython.display import CellScreen


def screen(*, is_watched: bool) -> tuple[CellScreen, io.StringIO]:
    output = io.StringIO()
    return CellScreen(lambda: output, lambda: is_watched), output


def test_progress_is_written_over_and_taken_away() -> None:
    shown, output = screen(is_watched=True)
    shown.progress("finding what snark needs")
    shown.progress("done")
    shown.clear()
    assert output.getvalue() == "\rfinding what snark needs\rdone                    \r    \r"


def test_a_line_that_is_said_stays_and_stands_alone() -> None:
    shown, output = screen(is_watched=True)
    shown.progress("installing")
    shown.say("Installed snark 2.0.")
    shown.clear()
    assert output.getvalue() == "\rinstalling\r          \rInstalled snark 2.0.\n"


def test_where_nobody_watches_there_is_no_progress() -> None:
    shown, output = screen(is_watched=False)
    shown.progress("installing")
    shown.clear()
    shown.say("Installed snark 2.0.")
    assert output.getvalue() == "Installed snark 2.0.\n"


def test_progress_is_harmless_and_no_wider_than_a_terminal() -> None:
    shown, output = screen(is_watched=True)
    shown.progress("\x1b[2Jbad " + "long " * 40)
    assert output.getvalue().startswith("\r\\x1b[2Jbad long")
    assert len(output.getvalue()) == 79
