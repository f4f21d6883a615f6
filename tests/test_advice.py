"""What an import name leads to: whole answers over a small made-up table and a made-up machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from autoinstall.advice import Advice, Verdict, advise
from autoinstall.advice.nearby import Neighbour, Where
from autoinstall.advice.presence import Kind, Owner, Presence
from autoinstall.advice.typos import Words
from autoinstall.names import ImportName, ProjectName, import_name, project_name
from autoinstall.table import AdviceRow, Claim, Entry


def entry(
    name: str, standing: str, *claims: tuple[str, int | None], claimants: int = 0, evidence: str = "m"
) -> Entry:
    made = tuple(Claim(project_name(project), evidence, rank) for project, rank in claims)
    return Entry(import_name(name), standing, made, claimants or len(made))  # type: ignore[arg-type] # the four standings


ENTRIES = {
    known.decided_by: known
    for known in (
        entry(
            "cv2", "choice", ("opencv-python", 300), ("opencv-python-headless", 200), ("opencv-contrib-python", 900)
        ),
        entry("yaml", "trusted", ("pyyaml", 20)),
        entry("PyQt5", "trusted", ("pyqt5", 2_000)),
        entry("PyQt5.Qsci", "trusted", ("qscintilla", 9_000)),
        entry("numpy", "trusted", ("numpy", 18)),
        entry("pandas", "trusted", ("pandas", 30)),
        entry("panda", "trusted", ("panda", 12_253)),
        entry("ipandas", "trusted", ("ipandas", None), evidence="ch"),
        entry("grequests", "trusted", ("grequests", 6_251)),
        entry("frequests", "rare", ("frequests", 9_999)),
        entry("google", "namespace", ("google-api-core", 40), ("protobuf", 26)),
        entry("google.cloud.storage", "trusted", ("google-cloud-storage", 100)),
        entry("utils", "trusted", ("utils", 5_000)),
        entry("pyudev", "rare", ("pyudev", None)),
        entry("requets", "rare", ("requets", None), claimants=3),
        entry("numpy_extras", "rare", ("numpy-extras", None)),
        entry("_cffi_backend", "rare", ("cffi", 19)),
        entry("_", "rare", ("underscore", None)),
        entry("dbutils", "rare", ("dbutils-copy", None), ("dbutils", 2_574), ("dbutils-fork", 9_000)),
        entry("dbutils.pooled_db", "trusted", ("dbutils", 2_574)),
    )
}


def row(name: str, kind: str, reason: str, suggestion: str | None = None, project: str | None = None) -> AdviceRow:
    carried_on = None if project is None else project_name(project)
    return AdviceRow(
        import_name(name), kind=kind, suggestion=suggestion, project=carried_on, reason=reason, source="a test"
    )


TKINTER = "tkinter is packed apart | debian: apt install python3-tk | macos: brew install python-tk"
ROWS = {
    known.import_name: known
    for known in (
        row("urllib2", "python2", "urllib2 is Python 2's.", "urllib.request"),
        row("BeautifulSoup", "project-name", "It is imported as bs4.", "bs4"),
        row("cgi", "removed", "cgi was removed.", "urllib.parse", "legacy-cgi"),
        row("tkinter", "part", TKINTER),
        row("dbutils", "host", "Only Databricks has dbutils."),
        row("utils", "generic", "utils is a name for one's own files."),
        row("six.moves", "made-on-import", "six makes six.moves."),
    )
}


class FakeTable:
    """A table of the rows above."""

    def lookup(self, name: ImportName) -> Entry | None:
        parts = name.split(".")
        prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((ENTRIES[import_name(prefix)] for prefix in prefixes if prefix in ENTRIES), None)

    def advice_for(self, name: ImportName) -> AdviceRow | None:
        parts = name.split(".")
        prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((ROWS[import_name(prefix)] for prefix in prefixes if prefix in ROWS), None)

    def denial_for(self, name: str) -> str | None:
        return "It was reported as malware." if name.lower() == "colourama" else None

    def imports_of(self, project: ProjectName) -> tuple[ImportName, ...]:
        known = {"scikit-learn": ("sklearn",), "numpy": ("numpy",), "django-model-utils": ("model_utils",)}
        return tuple(import_name(name) for name in known.get(project, ()))

    def rank_of(self, project: ProjectName) -> int | None:
        return {"scikit-learn": 80, "numpy": 18, "django-model-utils": 1_500}.get(project)


@dataclass(frozen=True)
class FakeFacts:
    """A Debian machine with Python 3.13, nothing installed and nothing lying around, unless a test says so."""

    table: FakeTable = field(default_factory=FakeTable)
    standard_library: frozenset[str] = frozenset({"os", "email", "tkinter", "_bz2"})
    python: str = "3.13"
    system: str = "debian"
    deny: frozenset[ProjectName] = frozenset()
    allow: frozenset[ProjectName] | None = None
    there: Mapping[str, Presence] = field(default_factory=dict)
    owners: Mapping[str, Owner] = field(default_factory=dict)
    neighbours: Mapping[str, Neighbour] = field(default_factory=dict)
    here: tuple[str, ...] = ()

    def presence(self, name: ImportName) -> Presence:
        return self.there.get(name, Presence(name))

    def owner(self, name: ImportName) -> Owner | None:
        return self.owners.get(name.partition(".")[0])

    def neighbour(self, name: ImportName) -> Neighbour | None:
        return self.neighbours.get(name.partition(".")[0])

    def words(self) -> Words:
        return Words(["requests", "numpy", "pandas", "matplotlib", "sklearn", "cv2"])

    def words_here(self) -> Words:
        return Words(self.here, 900)


def advice(
    name: str,
    verdict: Verdict,
    reason: str,
    *candidates: str,
    suggestion: str | None = None,
    offers: bool = True,
) -> Advice:
    projects = [project_name(candidate) for candidate in candidates]
    return Advice(name, verdict, projects[0] if projects and offers else None, projects, reason, suggestion)


NOTHING = "Nothing is known to provide"

BY_TABLE = [
    advice("yaml", Verdict.TRUSTED, "pyyaml provides it and is among the 50 most used projects.", "pyyaml"),
    advice("yaml.nodes", Verdict.TRUSTED, "pyyaml provides it and is among the 50 most used projects.", "pyyaml"),
    advice(
        "cv2",
        Verdict.CHOICE,
        "Several projects provide it; the first is the usual one.",
        "opencv-python",
        "opencv-python-headless",
        "opencv-contrib-python",
    ),
    advice(
        "pyudev",
        Verdict.RARE,
        "One project claims this name, and nothing vouches for any: make sure that pyudev is meant.",
        "pyudev",
    ),
    advice("_cffi_backend", Verdict.RARE, "_cffi_backend is an inner module, known to come with cffi.", "cffi"),
    advice(
        "google.cloud.storage.blob",
        Verdict.TRUSTED,
        "google-cloud-storage provides it and is among the 100 most used projects.",
        "google-cloud-storage",
    ),
    advice(
        "google",
        Verdict.ADVICE,
        "Many projects put their modules under google: say which one, as in import google.something.",
        "google-api-core",
        "protobuf",
        offers=False,
    ),
    advice(
        "google.nothing",
        Verdict.ADVICE,
        "Many projects put their modules under google, and none is known to provide google.nothing.",
        "google-api-core",
        "protobuf",
        offers=False,
    ),
]

BY_RULE = [
    advice("urllib2", Verdict.ADVICE, "urllib2 is Python 2's.", suggestion="urllib.request"),
    advice("BeautifulSoup.element", Verdict.ADVICE, "It is imported as bs4.", suggestion="bs4.element"),
    advice("cgi", Verdict.ADVICE, "cgi was removed.", "legacy-cgi", suggestion="urllib.parse"),
    advice("ipandas", Verdict.TRUSTED, "ipandas provides it and is not widely used.", "ipandas"),
    advice("dbutils", Verdict.ADVICE, "Only Databricks has dbutils.", "dbutils", offers=False),
    advice("dbutils.fs", Verdict.ADVICE, "Only Databricks has dbutils.", "dbutils", offers=False),
    advice(
        "dbutils.pooled_db",
        Verdict.TRUSTED,
        "dbutils provides it and is among the 5,000 most used projects.",
        "dbutils",
    ),
    advice("tkinter", Verdict.ADVICE, "tkinter is packed apart: apt install python3-tk"),
    advice("tkinter.ttk", Verdict.ADVICE, "tkinter is packed apart: apt install python3-tk"),
    advice("_bz2", Verdict.ADVICE, "_bz2 is a part of Python that this one was built without: no index has it."),
    advice("utils", Verdict.ADVICE, "utils is a name for one's own files.", "utils", offers=False),
    advice("utils.plots", Verdict.ADVICE, "utils is a name for one's own files.", "utils", offers=False),
    advice("colourama", Verdict.DENIED, "It was reported as malware."),
    advice(
        "scikit_learn",
        Verdict.ADVICE,
        "scikit-learn is what the project is called, its import is sklearn.",
        suggestion="sklearn",
    ),
    advice(
        "frequests",
        Verdict.RARE,
        "One project claims this name, and nothing vouches for any: make sure that frequests is meant.",
        "frequests",
        suggestion="requests",
    ),
    advice(
        "scikit_learn.metrics",
        Verdict.ADVICE,
        "scikit-learn is what the project is called, its import is sklearn.",
        suggestion="sklearn.metrics",
    ),
    advice(
        "django.model_utils",
        Verdict.UNKNOWN,
        "Nothing is known by the name django.model_utils: is it a file of yours, or is there a slip in it?",
    ),
    advice(
        "django_model_utils",
        Verdict.ADVICE,
        "django-model-utils is what the project is called, its import is model_utils.",
        suggestion="model_utils",
    ),
    advice(
        "lab_3",
        Verdict.ADVICE,
        "lab_3 sounds like a file of your own or of your course: put lab_3.py into the folder you work in.",
    ),
    advice(
        "plot_helpers",
        Verdict.ADVICE,
        "plot_helpers sounds like a file of your own or of your course: "
        "put plot_helpers.py into the folder you work in.",
    ),
    advice(
        "matplotlb.pyplot",
        Verdict.ADVICE,
        f"{NOTHING} matplotlb; did you mean matplotlib.pyplot, which is well known?",
        suggestion="matplotlib.pyplot",
    ),
    advice(
        "Pandas", Verdict.ADVICE, f"{NOTHING} Pandas; did you mean pandas, which is well known?", suggestion="pandas"
    ),
    advice(
        "requets",
        Verdict.ADVICE,
        "Only the little-used requets is known to provide requets; did you mean requests, which is well known?",
        "requets",
        suggestion="requests",
        offers=False,
    ),
    advice(
        "panda",
        Verdict.ADVICE,
        "Only the little-used panda is known to provide panda; did you mean pandas, which is well known?",
        "panda",
        suggestion="pandas",
        offers=False,
    ),
    advice(
        "grequests",
        Verdict.TRUSTED,
        "grequests provides it and is among the 15,000 most used projects.",
        "grequests",
    ),
    advice(
        "numpy_magic",
        Verdict.ADVICE,
        "Nothing is known by the name numpy_magic; did you mean numpy?",
        suggestion="numpy",
    ),
    advice(
        "numpy_extras",
        Verdict.RARE,
        "One project claims this name, and nothing vouches for any: make sure that numpy-extras is meant.",
        "numpy-extras",
        suggestion="numpy",
    ),
    advice(
        "frobnicate",
        Verdict.UNKNOWN,
        "Nothing is known by the name frobnicate: is it a file of yours, or is there a slip in it?",
    ),
    advice(
        "_",
        Verdict.ADVICE,
        "_ begins with _, as inner modules do: it comes with something else or not at all.",
    ),
    advice(
        "_frobnicate",
        Verdict.ADVICE,
        "_frobnicate begins with _, as inner modules do: it comes with something else or not at all.",
    ),
]

MALFORMED = [
    advice("", Verdict.ADVICE, "There is no name here: write what follows import, such as cv2 or yaml."),
    advice("  ", Verdict.ADVICE, "There is no name here: write what follows import, such as cv2 or yaml."),
    advice(
        "--index-url=x",
        Verdict.ADVICE,
        "--index-url=x is no import name: those have letters, digits, _ and dots between them, no digit first.",
    ),
    advice(
        "a..b",
        Verdict.ADVICE,
        "a..b is no import name: those have letters, digits, _ and dots between them, no digit first.",
    ),
    advice(
        "nul\0",
        Verdict.ADVICE,
        "nul\\x00 is no import name: those have letters, digits, _ and dots between them, no digit first.",
    ),
    advice("class", Verdict.ADVICE, "class is a word that Python keeps for itself: no module can have this name."),
    advice(
        "yaml.class",
        Verdict.ADVICE,
        "yaml.class has a part that is a word Python keeps for itself: no module can have this name.",
    ),
    advice(
        "p\u0430ndas",
        Verdict.ADVICE,
        "p\u0430ndas has characters outside a-z, which can pass for others: no known import name has them.",
    ),
    advice(
        "\udcff",
        Verdict.ADVICE,
        "\\udcff has characters outside a-z, which can pass for others: no known import name has them.",
    ),
    advice(
        "a" * 10_000,
        Verdict.ADVICE,
        f"{'a' * 39}… is too long for an import name: nothing real has more than 100 characters.",
    ),
]


@pytest.mark.parametrize(
    "expected", [*BY_TABLE, *BY_RULE, *MALFORMED], ids=lambda known: ascii(known.import_name[:30])
)
def test_a_name_alone_decides(expected: Advice) -> None:
    assert advise(expected.import_name, FakeFacts()) == expected


def test_what_is_there_is_installed_whatever_the_lists_say() -> None:
    facts = FakeFacts(there={"utils": Presence(import_name("utils"), import_name("utils"), Kind.MODULE)})
    assert advise("utils", facts) == advice("utils", Verdict.INSTALLED, "utils can be imported here already.")


@pytest.mark.parametrize(
    ("system", "reason"),
    [
        ("macos", "tkinter is packed apart: brew install python-tk"),
        (
            "other",
            "tkinter is packed apart: apt install python3-tk (Debian, Ubuntu); brew install python-tk (macOS)",
        ),
    ],
)
def test_a_missing_part_of_python_names_the_command_of_the_system(system: str, reason: str) -> None:
    assert advise("tkinter", FakeFacts(system=system)) == advice("tkinter", Verdict.ADVICE, reason)


def found(name: str, prefix: str, kind: Kind, *submodules: str) -> dict[str, Presence]:
    return {name: Presence(import_name(name), import_name(prefix), kind, f"/site/{prefix}/__init__.py", submodules)}


NUMPY = {"numpy": Owner(project_name("numpy"), "2.4.1")}


def test_a_module_that_an_installed_distribution_lacks_is_not_its_roots_project() -> None:
    facts = FakeFacts(there=found("numpy.foo", "numpy", Kind.PACKAGE, "linalg"), owners=NUMPY)
    assert advise("numpy.foo", facts) == advice(
        "numpy.foo",
        Verdict.ADVICE,
        "numpy 2.4.1, which is installed here, has no numpy.foo; its documentation tells what became of it "
        "or who adds it.",
    )


def test_a_slip_below_an_installed_root_names_the_module_meant() -> None:
    facts = FakeFacts(there=found("numpy.linlag.lapack", "numpy", Kind.PACKAGE, "linalg", "random"), owners=NUMPY)
    assert advise("numpy.linlag.lapack", facts) == advice(
        "numpy.linlag.lapack",
        Verdict.ADVICE,
        "numpy 2.4.1, which is installed here, has no numpy.linlag; did you mean numpy.linalg?",
        suggestion="numpy.linalg",
    )


def test_what_another_project_adds_to_an_installed_one_is_looked_up() -> None:
    owners = {"PyQt5": Owner(project_name("pyqt5"), "5.15.11")}
    facts = FakeFacts(there=found("PyQt5.Qsci", "PyQt5", Kind.PACKAGE, "QtCore"), owners=owners)
    assert advise("PyQt5.Qsci", facts) == advice(
        "PyQt5.Qsci",
        Verdict.TRUSTED,
        "qscintilla provides it and is among the 15,000 most used projects.",
        "qscintilla",
    )


def test_a_module_of_a_namespace_that_is_there_is_looked_up() -> None:
    facts = FakeFacts(there=found("google.cloud.storage", "google", Kind.NAMESPACE))
    assert advise("google.cloud.storage", facts).verdict is Verdict.TRUSTED


def test_a_module_that_the_standard_library_lacks_is_nobodys_project() -> None:
    facts = FakeFacts(there=found("email.mine", "email", Kind.PACKAGE, "mime"))
    assert advise("email.mine", facts) == advice(
        "email.mine",
        Verdict.ADVICE,
        "Python 3.13's own email has no email.mine; did you mean email.mime?",
        suggestion="email.mime",
    )


def test_a_module_made_on_import_is_there_with_its_maker_only() -> None:
    there = found("six.moves.urllib", "six", Kind.MODULE)
    assert advise("six.moves.urllib", FakeFacts(there=there)) == advice(
        "six.moves.urllib", Verdict.INSTALLED, "six makes six.moves."
    )
    assert advise("six.moves.urllib", FakeFacts()).verdict is Verdict.UNKNOWN


def lies(where: Where, folder: str) -> dict[str, Neighbour]:
    return {"yaml": Neighbour(Path(folder, "yaml.py"), Path(folder), where)}


@pytest.mark.parametrize("where", [Where.HERE, Where.ABOVE])
def test_a_file_close_by_is_meant_even_where_the_table_vouches_for_a_project(where: Where) -> None:
    answer = advise("yaml", FakeFacts(neighbours=lies(where, "course")))
    assert (answer.verdict, answer.project, answer.candidates) == (Verdict.ADVICE, None, [])
    assert answer.suggestion == "import sys; sys.path.append('course')"
    assert answer.reason.startswith(str(Path("course", "yaml.py")))


@pytest.mark.parametrize("where", [Where.BELOW, Where.BESIDE])
def test_a_file_farther_off_yields_to_a_vouched_project_only(where: Where) -> None:
    neighbours = lies(where, "old")
    assert advise("yaml", FakeFacts(neighbours=neighbours)).project == "pyyaml"
    neighbours = {"frobnicate": neighbours["yaml"]}
    assert advise("frobnicate", FakeFacts(neighbours=neighbours)).suggestion == "import sys; sys.path.append('old')"


def test_a_slip_of_something_here_is_preferred_to_a_well_known_name() -> None:
    answer = advise("reqests", FakeFacts(here=("reqtests",)))
    assert answer.reason == f"{NOTHING} reqests; did you mean reqtests, which is here?"
    assert answer.suggestion == "reqtests"


def projects(*names: str) -> frozenset[ProjectName]:
    return frozenset(project_name(name) for name in names)


@pytest.mark.parametrize(
    ("name", "deny", "allow", "expected"),
    [
        ("yaml", projects("yaml"), None, advice("yaml", Verdict.DENIED, "The settings here forbid yaml.")),
        (
            "yaml",
            projects("pyyaml"),
            None,
            advice("yaml", Verdict.DENIED, "The settings here do not allow pyyaml."),
        ),
        (
            "cv2",
            projects("opencv-python"),
            None,
            advice(
                "cv2",
                Verdict.CHOICE,
                "Several projects provide it; the first is the usual one.",
                "opencv-python-headless",
                "opencv-contrib-python",
            ),
        ),
        (
            "yaml",
            frozenset(),
            projects("numpy"),
            advice("yaml", Verdict.DENIED, "The settings here do not allow pyyaml."),
        ),
        ("yaml", frozenset(), projects("yaml"), BY_TABLE[0]),
        ("yaml", frozenset(), projects("pyyaml"), BY_TABLE[0]),
        (
            "cgi",
            projects("legacy-cgi"),
            None,
            advice("cgi", Verdict.DENIED, "The settings here do not allow legacy-cgi."),
        ),
        ("urllib2", frozenset(), projects("numpy"), BY_RULE[0]),
    ],
)
def test_the_settings_strike_out_what_they_forbid(
    name: str, deny: frozenset[ProjectName], allow: frozenset[ProjectName] | None, expected: Advice
) -> None:
    assert advise(name, FakeFacts(deny=deny, allow=allow)) == expected
