"""``lastgang plan`` on the planning exam, scored by the exam's own program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from exam_folder import exam_file


def sit(*arguments: str) -> str:
    exam = exam_file("exams/planning")
    command = f"{Path(sys.executable).parent / 'lastgang'} plan"
    done = subprocess.run(
        [sys.executable, "-B", str(exam / "run.py"), "--command", command, *arguments],
        cwd=exam, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout


def test_tiny_problems_are_solved_to_the_optimum_and_bad_ones_refused() -> None:
    output = sit("--folder", "tiny", "--folder", "bad", "--seconds", "1")
    assert output.splitlines()[-1].endswith(" passed, 0 failed"), output


@pytest.mark.parametrize("seconds", ["0", "10"])
def test_plants_are_planned_within_the_goals(seconds: str) -> None:
    output = sit("--folder", "instances", "--seconds", seconds)
    assert output.splitlines()[-1].endswith(" passed, 0 failed"), output


def test_no_rule_is_broken_on_random_problems() -> None:
    output = sit("--robustness", "50", "--seconds", "0.2")
    assert output.splitlines()[-1].endswith(" passed, 0 failed"), output
