"""Where the exams lie: a folder that is not part of the repository. ``make exams SHARED=FOLDER`` names it (default ``../shared``).

`make test` does not collect these tests (see `norecursedirs` in ``pyproject.toml``), so nothing outside the checkout decides whether it passes.
"""

from __future__ import annotations

import pytest
from exam_folder import SHARED


def pytest_configure(config: pytest.Config) -> None:
    if not SHARED.is_dir():
        pytest.exit(
            f"exams: no folder {SHARED}; they need its exams/ and data/. Name it with `make exams SHARED=FOLDER`, or run `make test`"
            " alone, which needs no such folder",
            returncode=2,
        )
