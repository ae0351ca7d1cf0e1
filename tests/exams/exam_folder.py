"""The folder of exams and measured profiles, and what one of its files is missing for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = (ROOT / os.environ.get("LASTGANG_SHARED", "../shared")).resolve()


def exam_file(name: str) -> Path:
    """A file or folder below the exams' folder; the test fails, naming it, where it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.fail(f"the exam needs {path}; LASTGANG_SHARED names another folder", pytrace=False)
    return path
