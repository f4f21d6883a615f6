"""The import cells of notebooks that people learn from, run in a fresh environment in mode `auto`."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.kernel.conftest import Desk
from tests.support.catalogue import FAKE, Release
from tests.support.environments import Environments
from tests.support.kernel import Kernel
from tests.support.local_index import LocalIndex
from tests.support.processes import clean_environ
from tests.support.wheels import Wheel

pytestmark = pytest.mark.kernel

# What each project gives, as far as the cells below use it: modules, and behind a colon the names in them.
LIBRARIES = {
    "altair": "altair",
    "arviz": "arviz",
    "astropy": "astropy.io.fits astropy.units",
    "beautifulsoup4": "bs4:BeautifulSoup",
    "biopython": "Bio.SeqIO Bio.Seq:Seq",
    "folium": "folium",
    "gensim": "gensim.models:Word2Vec",
    "geopandas": "geopandas",
    "lxml": "lxml.etree",
    "matplotlib": "matplotlib.pyplot mpl_toolkits.mplot3d:Axes3D",
    "networkx": "networkx",
    "nltk": "nltk.corpus:stopwords nltk.tokenize:word_tokenize",
    "numpy": "numpy.linalg numpy.random",
    "opencv-python": "cv2",
    "pandas": "pandas",
    "pillow": "PIL.Image PIL.ImageFilter",
    "plotly": "plotly.express plotly.graph_objects",
    "pymc": "pymc",
    "pyserial": "serial",
    "python-dateutil": "dateutil.parser:parse",
    "python-docx": "docx:Document",
    "pyyaml": "yaml",
    "requests": "requests",
    "scikit-image": "skimage.io skimage.filters:gaussian",
    "scikit-learn": "sklearn.datasets:load_iris,fetch_openml sklearn.model_selection:train_test_split "
    "sklearn.linear_model:LinearRegression,LogisticRegression sklearn.pipeline:make_pipeline",
    "scipy": "scipy.stats scipy.optimize:minimize scipy.integrate:odeint",
    "seaborn": "seaborn",
    "shapely": "shapely.geometry:Point,Polygon",
    "spacy": "spacy.displacy",
    "sqlalchemy": "sqlalchemy.orm:Session sqlalchemy:create_engine",
    "statsmodels": "statsmodels.api statsmodels.formula.api",
    "sympy": "sympy:symbols,diff,integrate",
    "tensorflow": "tensorflow.keras.layers:Dense",
    "torch": "torch.nn.functional torch.utils.data:DataLoader",
    "torchvision": "torchvision.transforms torchvision.datasets",
    "tqdm": "tqdm.notebook:tqdm tqdm.auto:tqdm",
    "xgboost": "xgboost:XGBClassifier",
}


@dataclass(frozen=True, slots=True)
class Lesson:
    """An import cell as a notebook on a subject has it, and the projects that it is the first to need."""

    subject: str
    cell: str
    projects: tuple[str, ...]


# In the order in which one student meets them: what an earlier lesson has installed is there for the later ones.
LESSONS = (
    Lesson(
        "data analysis",
        "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt\n"
        "import seaborn as sns\nfrom mpl_toolkits.mplot3d import Axes3D",
        ("matplotlib", "numpy", "pandas", "seaborn"),
    ),
    Lesson(
        "machine learning",
        "import os\nimport sys\nassert sys.version_info >= (3, 7)\nimport numpy as np\n"
        "from sklearn.datasets import load_iris, fetch_openml\nfrom sklearn.model_selection import train_test_split\n"
        "from sklearn.linear_model import LinearRegression, LogisticRegression\n"
        "from sklearn.pipeline import make_pipeline\nimport xgboost as xgb",
        ("scikit-learn", "xgboost"),
    ),
    Lesson(
        "deep learning",
        "import tensorflow as tf\nfrom tensorflow import keras\nfrom tensorflow.keras.layers import Dense",
        ("tensorflow",),
    ),
    Lesson(
        "deep learning, the other way",
        "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"
        "from torch.utils.data import DataLoader\nfrom torchvision import datasets, transforms\n"
        "from tqdm.notebook import tqdm",
        ("torch", "torchvision", "tqdm"),
    ),
    Lesson(
        "natural language",
        "import re, string\nimport nltk\nfrom nltk.corpus import stopwords\nfrom nltk.tokenize import word_tokenize\n"
        "import spacy\nfrom spacy import displacy\nfrom gensim.models import Word2Vec",
        ("gensim", "nltk", "spacy"),
    ),
    Lesson(
        "reading the web",
        "import json\nfrom urllib.request import urlopen\nimport requests\nfrom bs4 import BeautifulSoup\n"
        "from lxml import etree\nimport yaml",
        ("beautifulsoup4", "lxml", "pyyaml", "requests"),
    ),
    Lesson(
        "images",
        "import cv2\nfrom PIL import Image, ImageFilter\nfrom skimage import io\n"
        "from skimage.filters import gaussian",
        ("opencv-python", "pillow", "scikit-image"),
    ),
    Lesson(
        "calculus and mechanics",
        "from math import *\nimport sympy as sp\nfrom sympy import symbols, diff, integrate\n"
        "from scipy.integrate import odeint\nfrom scipy.optimize import minimize",
        ("scipy", "sympy"),
    ),
    Lesson(
        "statistics",
        "import statistics\nfrom scipy import stats\nimport statsmodels.api as sm\n"
        "import statsmodels.formula.api as smf\nimport pymc as pm\nimport arviz as az",
        ("arviz", "pymc", "statsmodels"),
    ),
    Lesson(
        "maps",
        "import folium\nimport geopandas as gpd\nfrom shapely.geometry import Point, Polygon\nimport networkx as nx",
        ("folium", "geopandas", "networkx", "shapely"),
    ),
    Lesson(
        "charts",
        "import altair as alt\nimport plotly.express as px\nimport plotly.graph_objects as go",
        ("altair", "plotly"),
    ),
    Lesson(
        "biology and astronomy",
        "from Bio import SeqIO\nfrom Bio.Seq import Seq\nfrom astropy.io import fits\nimport astropy.units as u",
        ("astropy", "biopython"),
    ),
    Lesson(
        "everyday automation",
        "import csv, sqlite3, pathlib\nfrom docx import Document\nfrom dateutil.parser import parse\nimport serial\n"
        "from sqlalchemy import create_engine\nfrom sqlalchemy.orm import Session",
        ("pyserial", "python-dateutil", "python-docx", "sqlalchemy"),
    ),
)


def library(project: str, provided: str) -> Wheel:
    """Return a stand-in that has these modules, and in them these names."""
    modules: dict[str, str] = {}
    for one in provided.split():
        module, _, names = one.partition(":")
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            modules.setdefault(f"{'/'.join(parts[:end])}/__init__.py", "")
        modules[f"{'/'.join(parts)}/__init__.py"] += "".join(f"{name} = None\n" for name in names.split(",") if name)
    return Wheel(project, "1.0", modules, headers=(FAKE,))


@pytest.fixture(scope="module")
def student(environments: Environments, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("home")
    with LocalIndex([Release(library(project, provided)) for project, provided in LIBRARIES.items()]) as index:
        environment = environments.fresh("ipython9", clean_environ(home, index.url), home)
        with Kernel(environment, {"AUTOINSTALL_MODE": "auto"}) as kernel:
            assert kernel.execute("%load_ext autoinstall").status == "ok"
            yield Desk(kernel, environment, index)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.subject)
def test_the_first_cell_of_a_lesson(student: Desk, lesson: Lesson) -> None:
    result = student.kernel.execute(lesson.cell, allow_stdin=False)
    assert result.status == "ok", result.stdout + result.traceback
    assert set(lesson.projects) <= student.environment.installed().keys()
    assert result.stdout.count("Installed ") == 1, result.stdout
    again = student.kernel.execute(lesson.cell, allow_stdin=False)
    assert (again.status, "Installed" in again.stdout) == ("ok", False)


def test_every_lesson_needs_something_and_every_stand_in_is_needed() -> None:
    needed = [project for lesson in LESSONS for project in lesson.projects]
    assert sorted(needed) == sorted(LIBRARIES)
