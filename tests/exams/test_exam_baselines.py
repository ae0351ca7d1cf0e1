"""Errors of a baseline on measured buildings are the definitions, in exact fractions."""

from __future__ import annotations

import pytest
from exam_folder import SHARED

from baselines.fitting import Baseline, baseline_of
from baselines.metrics import fit_of
from benchmarks.baselines.command import METRICS
from benchmarks.baselines.exact import metrics as exact
from benchmarks.baselines.measured import loads


def test_errors_are_the_definitions_in_exact_fractions_on_simulated_buildings() -> None:
    if not (SHARED / "data" / "opendsm_samples").is_dir():
        pytest.skip(f"no measured loads: expected {SHARED / 'data' / 'opendsm_samples'}")
    for name, rows, zone in loads(SHARED / "data"):
        if not name.startswith("house"):
            continue
        baseline = baseline_of(rows, zone)
        assert isinstance(baseline, Baseline)
        observed, predicted = baseline.trained.rows.kw * 24, baseline.model.predicted_kw(baseline.trained.design) * 24
        fit = fit_of(observed, predicted, baseline.model.form.parameters)
        other = exact(observed.tolist(), predicted.tolist(), fit.parameters)
        for key in METRICS:
            assert getattr(fit, key) == pytest.approx(other[key], abs=1e-9, rel=1e-9), (name, key)
