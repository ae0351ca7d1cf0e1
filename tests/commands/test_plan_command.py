"""``lastgang plan``: a file in, a file out, exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lastgang.cli import run

sys.path.insert(0, str(Path(__file__).parents[1] / "scheduling" / "planner"))
from small_problems import document, job


@pytest.fixture
def problem(tmp_path):
    def write(raw):
        path = tmp_path / "problem.json"
        path.write_text(json.dumps(raw))
        return path

    return write


def test_a_plan_is_written_with_its_cost(problem, tmp_path, capsys):
    jobs = [job("A", "oven", [80.0, 80.0]), job("B", "mill", [60.0, 60.0], skip_penalty_eur=900.0)]
    path = problem(document(jobs, {"A": ("oven", 0), "B": ("mill", 0)}))
    out = tmp_path / "plan.json"
    assert run(["plan", str(path), "--seconds", "1", "--out", str(out)]) == 0
    plan = json.loads(out.read_text())
    assert plan["status"] == "optimal"
    assert {one["id"] for one in plan["jobs"]} == {"A", "B"}
    assert plan["cost"]["total_eur"] == pytest.approx(189.0)
    assert plan["peak_kw"] == plan["demand_peaks_kw"]["year"] == pytest.approx(190.0)
    assert "optimal plan of 189.00 EUR" in capsys.readouterr().err


@pytest.mark.parametrize(("language", "expected"), [("en", "Cannot be planned: A and B."), ("de", "Nicht planbar: A und B.")])
def test_a_problem_without_a_plan_is_explained(problem, capsys, language, expected):
    path = problem(document([job(name, "oven", [10.0] * 3, deadline=5) for name in "AB"], {}))
    assert run(["plan", str(path), "--seconds", "0", "--language", language]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "infeasible"
    assert answer["jobs"] == []
    assert expected in answer["conflicts"][0]["text"]
    assert answer["relaxations"][0]["eur"] == pytest.approx(1.0)


def test_a_wrong_problem_ends_with_two_and_writes_no_plan(problem, tmp_path, capsys):
    path, out = problem(document([job("A", "oven", [10.0], earliest=99)], {})), tmp_path / "plan.json"
    assert run(["plan", str(path), "--out", str(out)]) == 2
    assert "jobs[A].earliest: found 99" in capsys.readouterr().err
    assert not out.exists()
