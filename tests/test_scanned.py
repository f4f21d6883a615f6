"""What people and programs are shown of a scan."""

import json

from autoinstall.advice import Advice, Verdict
from autoinstall.names import ProjectName
from autoinstall.source.authors import Authored
from autoinstall.source.scanned import Imported, Place, Scan, Skipped, State, as_json, as_text
from tests.support.story import advice

SURE = Place("made.ipynb", 1, 1, is_sure=True)
MAYBE = Place("made.ipynb", 2, 3, is_sure=False)
GUARDED = Place("made.ipynb", 2, 5, is_sure=False, is_guarded=True)


def _imported(state: State, told: Advice, *places: Place, authored: tuple[Authored, ...] = ()) -> Imported:
    return Imported(told.import_name, state, told, places or (SURE,), authored)


SCAN = Scan(
    "made.ipynb",
    (
        _imported(State.STANDARD_LIBRARY, advice("json", Verdict.INSTALLED)),
        _imported(State.INSTALLED, advice("numpy.linalg", Verdict.INSTALLED)),
        _imported(State.INSTALLED, advice("numpy", Verdict.INSTALLED)),
        _imported(State.LOCAL, advice("mine", Verdict.INSTALLED)),
        _imported(
            State.MISSING,
            advice("cv2", Verdict.CHOICE, "opencv-python", "opencv-python-headless"),
            authored=(Authored(ProjectName("opencv-python"), "==4.5", "pip"),),
        ),
        _imported(State.MISSING, advice("yaml", Verdict.TRUSTED, "pyyaml"), MAYBE),
        _imported(State.MISSING, advice("cupy", Verdict.TRUSTED, "cupy"), GUARDED),
        _imported(
            State.MISSING,
            advice("odd", Verdict.UNKNOWN, reason="Nothing is known by the name odd."),
            authored=(Authored(ProjectName("odd"), "", "pip"),),
        ),
        _imported(State.ADVICE, advice("urllib2", Verdict.ADVICE, reason="Python 2's name, now urllib.request.")),
        _imported(State.ADVICE, advice("urllib2.x", Verdict.ADVICE, reason="Python 2's name, now urllib.request.")),
    ),
    (Skipped("made.ipynb", 4, "this is no Python"), Skipped("sub/x.py", None, "is no Python\x1b[31m")),
)


def test_what_people_read() -> None:
    assert as_text(SCAN, command="%autoinstall").splitlines() == [
        "  import   project        state",
        "  numpy                   installed",
        "  mine                    local",
        "  cv2      opencv-python  missing",
        "  yaml     pyyaml         missing (may be needed)",
        "  cupy     cupy           missing (optional)",
        "  odd                     missing (unknown)",
        "  urllib2                 advice",
        "  cv2: the author's own line installs opencv-python==4.5.",
        "  odd: Nothing is known by the name odd.",
        "  odd: the author's own line installs odd, which nothing vouches for; if you do:",
        "    %autoinstall install --project odd odd",
        "  urllib2: Python 2's name, now urllib.request.",
        "  not read: cell 4: this is no Python",
        "  not read: sub/x.py: is no Python\\x1b[31m",
    ]


def test_nothing_but_pythons_own() -> None:
    assert as_text(Scan("x.py", SCAN.imports[:1]), command="autoinstall") == (
        "x.py imports nothing but what is Python's own."
    )


def test_what_programs_read() -> None:
    lines = [json.loads(line) for line in as_json(SCAN)]
    assert lines[4] == {
        "import_name": "cv2",
        "state": "missing",
        "verdict": "choice",
        "project": "opencv-python",
        "candidates": ["opencv-python", "opencv-python-headless"],
        "reason": "",
        "suggestion": None,
        "places": [{"file": "made.ipynb", "cell": 1, "line": 1, "is_sure": True, "is_guarded": False}],
        "authored": [{"project": "opencv-python", "version": "==4.5", "tool": "pip"}],
    }
    assert lines[-1] == {"skipped": "sub/x.py", "cell": None, "reason": "is no Python\x1b[31m"}
    assert len(lines) == 12
