"""In CI a skip that nobody has allowed is a failure, and the closing line still comes last."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PROGRAM = "import pytest\n\ndef test_browser():\n    pytest.skip('chromium is missing')\n\ndef test_other():\n    pass\n"


def run_pytest(folder: Path, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_program.py").write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}", "CI": ci}
    command = [sys.executable, "-m", "pytest", "-q", "-W", "ignore", "-p", "conftest", "-p", "no:cacheprovider", "test_program.py"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_a_skip_fails_the_run_in_ci_only(tmp_path: Path, ci: str, code: int) -> None:
    result = run_pytest(tmp_path, ci)
    assert result.returncode == code
    assert ("test_browser: chromium is missing" in result.stdout) == bool(ci)
    assert result.stdout.splitlines()[-1].startswith("1 passed, 1 skipped")
