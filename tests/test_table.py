"""What the bundled table says about well-known names, how dotted names are decided, and what damage looks like."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autoinstall import table
from autoinstall.errors import TableDamagedError
from autoinstall.names import ImportName, ProjectName
from autoinstall.table import TABLE_FILE, Claim, Entry, Table, Witness
from data.builder.container import pack
from data.builder.sources import rows

CASES = Path(__file__).parent.parent / "benchmarks" / "accuracy" / "cases"


def ask(name: str) -> tuple[str, str, str] | None:
    entry = table.lookup(ImportName(name))
    return None if entry is None else (entry.decided_by, entry.standing, entry.claims[0].project)


@pytest.mark.parametrize(
    ("name", "standing", "project"),
    [
        ("numpy", "trusted", "numpy"),
        ("yaml", "trusted", "pyyaml"),
        ("sklearn", "trusted", "scikit-learn"),
        ("skimage", "trusted", "scikit-image"),
        ("PIL", "choice", "pillow"),
        ("bs4", "choice", "beautifulsoup4"),
        ("cv2", "choice", "opencv-python"),
        ("Crypto", "choice", "pycryptodome"),
        ("psycopg2", "choice", "psycopg2-binary"),
        ("MySQLdb", "choice", "mysqlclient"),
        ("jwt", "choice", "pyjwt"),
        ("docx", "choice", "python-docx"),
        ("fitz", "choice", "pymupdf"),
        ("serial", "choice", "pyserial"),
        ("faiss", "choice", "faiss-cpu"),
        ("dateutil", "trusted", "python-dateutil"),
        ("git", "trusted", "gitpython"),
        ("Bio", "trusted", "biopython"),
        ("OpenSSL", "trusted", "pyopenssl"),
        ("win32api", "trusted", "pywin32"),
        ("pkg_resources", "trusted", "setuptools"),
        ("typing_extensions", "trusted", "typing-extensions"),
        ("rest_framework", "trusted", "djangorestframework"),
        ("osgeo", "trusted", "gdal"),
    ],
)
def test_well_known_names(name: str, standing: str, project: str) -> None:
    assert ask(name) == (name, standing, project)


@pytest.mark.parametrize(
    ("name", "decided_by", "standing", "project"),
    [
        ("sklearn.linear_model", "sklearn", "trusted", "scikit-learn"),
        ("google.cloud.storage", "google.cloud.storage", "trusted", "google-cloud-storage"),
        ("google.cloud.storage.blob", "google.cloud.storage", "trusted", "google-cloud-storage"),
        ("google.cloud.secretmanager", "google.cloud.secretmanager", "trusted", "google-cloud-secret-manager"),
        ("google.cloud.kms_v9alpha2", "google.cloud.kms", "trusted", "google-cloud-kms"),
        ("google.protobuf.message", "google.protobuf", "trusted", "protobuf"),
        ("google.genai.types", "google.genai", "trusted", "google-genai"),
        ("azure.storage.blob.aio", "azure.storage.blob", "trusted", "azure-storage-blob"),
        ("azure.mgmt.compute", "azure.mgmt.compute", "trusted", "azure-mgmt-compute"),
        ("ruamel.yaml", "ruamel.yaml", "trusted", "ruamel-yaml"),
        ("mpl_toolkits.mplot3d", "mpl_toolkits.mplot3d", "trusted", "matplotlib"),
        ("mpl_toolkits.basemap", "mpl_toolkits.basemap", "trusted", "basemap"),
        ("jaraco.text", "jaraco.text", "trusted", "jaraco-text"),
        ("zope.interface", "zope.interface", "trusted", "zope-interface"),
        ("sphinxcontrib.bibtex", "sphinxcontrib.bibtex", "trusted", "sphinxcontrib-bibtex"),
        ("backports.zoneinfo", "backports.zoneinfo", "trusted", "backports-zoneinfo"),
        ("PyQt5.Qsci", "PyQt5.Qsci", "trusted", "qscintilla"),
        ("PyQt5.QtWidgets", "PyQt5", "trusted", "pyqt5"),
        (
            "airflow.providers.cncf.kubernetes.hooks",
            "airflow.providers.cncf.kubernetes",
            "trusted",
            "apache-airflow-providers-cncf-kubernetes",
        ),
        ("airflow.models", "airflow.models", "trusted", "apache-airflow"),
        ("opentelemetry.trace", "opentelemetry.trace", "trusted", "opentelemetry-api"),
        (
            "opentelemetry.exporter.otlp.proto.grpc.trace_exporter",
            "opentelemetry.exporter.otlp.proto.grpc",
            "trusted",
            "opentelemetry-exporter-otlp-proto-grpc",
        ),
        ("llama_index.llms.ollama", "llama_index.llms.ollama", "trusted", "llama-index-llms-ollama"),
        (
            "haystack_integrations.components.generators.ollama",
            "haystack_integrations.components.generators.ollama",
            "trusted",
            "ollama-haystack",
        ),
    ],
)
def test_the_longest_prefix_decides(name: str, decided_by: str, standing: str, project: str) -> None:
    entry = table.lookup(ImportName(name))
    assert entry is not None
    assert (entry.decided_by, entry.claims[0].project) == (decided_by, project)
    assert entry.standing == standing


@pytest.mark.parametrize(
    "name", ["google", "azure", "opentelemetry", "jaraco", "zope", "sphinxcontrib", "google.cloud"]
)
def test_a_namespace_is_never_answered_by_its_root(name: str) -> None:
    entry = table.lookup(ImportName(name))
    assert entry is not None
    assert entry.standing == "namespace"


def test_an_unknown_part_of_a_namespace_is_the_namespaces() -> None:
    entry = table.lookup(ImportName("google.cloud.nobody_has_this"))
    assert entry is not None
    assert (entry.decided_by, entry.standing) == ("google.cloud", "namespace")


@pytest.mark.parametrize(
    "name",
    ["utils", "helpers", "config", "models", "data", "test", "lab3", "week_2", "my_module", "_private", "distutils"],
)
def test_generic_private_and_standard_names_are_not_vouched_for(name: str) -> None:
    entry = table.lookup(ImportName(name))
    assert entry is None or entry.standing == "rare"


@pytest.mark.parametrize("name", ["", "no such name", "nobody_has_this_name", "é", "numpy\n", "a\0b", "x" * 10_000])
def test_what_nobody_provides(name: str) -> None:
    assert table.lookup(ImportName(name)) is None


@pytest.mark.parametrize("kind", sorted({row["kind"] for row in rows(CASES / "traps.tsv")}))
def test_traps_are_not_vouched_for(kind: str) -> None:
    """Typos, invented and malicious names, novices' own files: whatever else is said, the table trusts none."""
    names = [ImportName(row["import_name"]) for row in rows(CASES / "traps.tsv") if row["kind"] == kind]
    entries = [table.lookup(name) for name in names]
    assert [entry for entry in entries if entry is not None and entry.standing in {"trusted", "choice"}] == []


def test_a_project_that_only_the_crawl_knows() -> None:
    assert table.lookup(ImportName("A2G")) == Entry(
        ImportName("A2G"), "rare", (Claim(ProjectName("a2g"), "c", None),), 1
    )


def test_choices_carry_their_reasons_in_order() -> None:
    entry = table.lookup(ImportName("psycopg2"))
    assert entry is not None
    assert [(claim.project, claim.reason) for claim in entry.claims] == [
        ("psycopg2-binary", "ready to use, brings its own libpq"),
        ("psycopg2", "built on this machine against its libpq"),
    ]


@pytest.mark.parametrize(
    ("project", "imports"),
    [
        ("opencv-python", ("cv2",)),
        ("scikit-learn", ("sklearn",)),
        ("pillow", ("PIL",)),
        ("google-cloud-storage", ("google.cloud.storage",)),
        ("numpy", ("numpy",)),
        ("a2g", ()),
        ("no-such-project", ()),
    ],
)
def test_what_a_project_is_imported_as(project: str, imports: tuple[str, ...]) -> None:
    assert table.imports_of(ProjectName(project)) == imports


def test_ranks_and_conda_names() -> None:
    assert table.rank_of(ProjectName("boto3")) == 1
    assert table.rank_of(ProjectName("a2g")) is None
    assert table.conda_name(ProjectName("opencv-python")) == "opencv"
    assert table.conda_name(ProjectName("numpy")) == "numpy"
    assert table.conda_name(ProjectName("a2g")) is None


def test_popular_names_come_best_known_first_and_are_all_vouched_for() -> None:
    names = table.popular_import_names()
    assert len(names) == len(set(names)) == 8000
    assert {"numpy", "pandas", "requests", "yaml", "PIL", "sklearn", "cv2"} < set(names[:1000])
    assert not {"utils", "tests", "google"} & set(names)
    entries = [table.lookup(name) for name in names[::50]]
    assert all(entry is not None and entry.standing in {"trusted", "choice"} for entry in entries)


SMALL = (
    "alone",
    "google\tn+9\tgoogleapis,c,66\t*google-{*}",
    "owned\tt+\tpowned,m,5\t*^owned-{*}",
    "owned.part\tr\towned-part",
    "stack\tn\tnobody\t*{1}-haystack",
    "=google-auth\t12",
    "=google-unranked\t",
    "=google-carried\t\t=",
    "=google-athome\t\t\t\ti",
    "=owned-known\t7",
    "=owned-squatted\t",
    "=mongo-haystack\t",
    "=aliased\t3\tforge-name\tone two.three",
    "=dated\t\t\t\t\t2016-07",
    "&evidence\tf,2026-04,conda-forge, which carries it\tn,,a rule",
    "?gone\tremoved\tinstead\tcarried-on\tWhy.\tWhere it says so",
    "?gone.deep\tremoved\t\t\tDeeper.\tThere",
    "!bad-name\tReported.",
)


@pytest.fixture
def small(tmp_path: Path) -> Table:
    path = tmp_path / "table.bin"
    path.write_bytes(pack(SMALL, ["numpy", "yaml"], block=64))
    return Table(str(path))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("google.auth.transport", ("google.auth", "trusted", "google-auth")),
        ("google.unranked", ("google.unranked", "rare", "google-unranked")),
        ("google.carried.x", ("google.carried", "trusted", "google-carried")),
        ("google.athome", ("google.athome", "trusted", "google-athome")),
        ("google.unheard_of", ("google", "namespace", "googleapis")),
        ("owned.known.x", ("owned.known", "trusted", "owned-known")),
        ("owned.squatted", ("owned", "trusted", "powned")),
        ("owned.part.x", ("owned.part", "rare", "owned-part")),
        ("stack.components.mongo.store", ("stack.components.mongo", "rare", "mongo-haystack")),
    ],
)
def test_naming_rules(small: Table, name: str, expected: tuple[str, str, str]) -> None:
    entry = small.lookup(ImportName(name))
    assert entry is not None
    assert (entry.decided_by, entry.standing, entry.claims[0].project) == expected


def test_a_name_that_stands_alone_is_its_own_projects(small: Table) -> None:
    assert small.lookup(ImportName("alone")) == Entry(
        ImportName("alone"), "rare", (Claim(ProjectName("alone"), "c", None),), 1
    )


def test_advice_is_that_of_the_longest_prefix(small: Table) -> None:
    row = small.advice_for(ImportName("gone.shallow"))
    assert row is not None
    assert (row.import_name, row.kind, row.suggestion, row.project) == ("gone", "removed", "instead", "carried-on")
    deeper = small.advice_for(ImportName("gone.deep.x"))
    assert deeper is not None
    assert (deeper.import_name, deeper.suggestion, deeper.project) == ("gone.deep", None, None)
    assert small.advice_for(ImportName("alone")) is None


def test_denials_are_matched_as_projects_are(small: Table) -> None:
    assert small.denial_for("Bad_Name.sub") == "Reported."
    assert small.denial_for("bad-name") == "Reported."
    assert small.denial_for("alone") is None


def test_a_projects_row(small: Table) -> None:
    assert small.imports_of(ProjectName("aliased")) == ("one", "two.three")
    assert small.conda_name(ProjectName("aliased")) == "forge-name"
    assert small.rank_of(ProjectName("aliased")) == 3
    assert small.popular_import_names() == ("numpy", "yaml")


def test_since_when_and_by_whom(small: Table) -> None:
    assert small.on_the_index_since(ProjectName("dated")) == "2016-07"
    assert [small.on_the_index_since(ProjectName(name)) for name in ("aliased", "google-athome", "nobody")] == [
        None
    ] * 3
    assert small.witnesses() == (
        Witness("f", "2026-04", "conda-forge, which carries it"),
        Witness("n", None, "a rule"),
    )


def test_a_newer_table_put_in_its_place_is_read(small: Table) -> None:
    assert small.lookup(ImportName("alone")) is not None
    Path(small.path).write_bytes(pack([f"stack{number:02}" for number in range(50)], ["numpy"], block=64))
    assert small.lookup(ImportName("stack40")) is not None
    assert small.lookup(ImportName("alone")) is None


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(b""), "is not a table of this version"),
        (lambda path: path.write_bytes(b"aitable9" + path.read_bytes()[8:]), "is not a table of this version"),
        (lambda path: path.write_bytes(path.read_bytes()[:40]), "is damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "has the wrong length"),
        (lambda path: path.write_bytes(path.read_bytes() + b"x"), "has the wrong length"),
        (lambda path: path.write_bytes(path.read_bytes()[:-20] + bytes(20)), "is damaged"),
    ],
    ids=[
        "missing",
        "empty",
        "another version",
        "cut in the index",
        "cut at the end",
        "longer",
        "a block overwritten",
    ],
)
def test_damage_is_told_with_the_file_and_the_cure(small: Table, damage: object, problem: str) -> None:
    path = Path(small.path)
    assert callable(damage)
    damage(path)
    with pytest.raises(TableDamagedError, match=problem) as caught:
        small.lookup(ImportName("zzz"))
    assert str(path) in str(caught.value)
    assert "--force-reinstall" in str(caught.value)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(TableDamagedError, match="cannot be read"):
        Table(str(tmp_path)).lookup(ImportName("numpy"))


def test_every_single_changed_byte_is_told_or_harmless(small: Table, tmp_path: Path) -> None:
    """Whatever one byte becomes, the answer is right, or `TableDamagedError` is: nothing else ever comes out."""
    right = small.lookup(ImportName("owned"))
    whole = Path(small.path).read_bytes()
    damaged = tmp_path / "damaged.bin"
    told = 0
    for place in range(len(whole)):
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            answer = Table(str(damaged)).lookup(ImportName("owned"))
        except TableDamagedError:
            told += 1
        else:
            assert answer == right
    assert told > 100


def test_a_look_up_imports_next_to_nothing() -> None:
    """A miss costs what the table costs: none of the modules that would cost more than the look-up."""
    code = (
        "import sys; from autoinstall import table; table.lookup('cv2'); costly = 're typing dataclasses enum pathlib"
        " collections json'; print(*{*costly.split()} & {*sys.modules})"
    )
    ended = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=_ROOT)
    assert ended.stdout.strip() == ""


def test_the_bundled_file_is_found_wherever_the_package_lies(tmp_path: Path) -> None:
    package = tmp_path / "autoinstall"
    package.mkdir()
    for name in ("__init__.py", "table.bin"):
        shutil.copy(Path(TABLE_FILE).parent / name, package)
    shutil.copytree(Path(TABLE_FILE).parent / "table", package / "table")
    code = "from autoinstall import table; print(table.TABLE_FILE, table.lookup('yaml').claims[0].project)"
    ended = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert ended.stdout.split() == [str(package / "table.bin"), "pyyaml"]


_ROOT = Path(__file__).parent.parent
