"""The form is found by days held out, the coefficients are those that made the days, and nothing leaks."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

from baselines.fitting import Baseline, baseline_of
from baselines.model import GAP_DAYS, Form, Trained, blocks_of, choose, forms_for, near_block
from tests.baselines.days import FIRST, heated, made

BERLIN = ZoneInfo("Europe/Berlin")


def test_what_made_the_days_is_found() -> None:
    found = baseline_of(heated(365), BERLIN)
    assert isinstance(found, Baseline)
    assert (found.model.form.heating, found.model.form.cooling, found.model.heating_c) == ("common", "none", 15.0)
    terms = {one.term.name: one.term.kw for one in found.coefficients}
    assert terms["level"] == pytest.approx(100, abs=1.5)
    assert terms["heating"] == pytest.approx(3, abs=0.15)
    assert found.fit.cvrmse_adj < 0.05
    assert found.refusals == ()


def test_production_is_taken_and_the_days_of_the_week_then_add_nothing() -> None:
    rows = made(365)
    tried = choose(Trained(rows), forms_for(rows))
    assert tried[0].form == Form("none", "none", "none", ("pieces",))


def test_a_fit_by_blocks_is_the_least_squares_fit_of_the_days_that_are_left() -> None:
    rows = heated(365)
    trained = Trained(rows)
    form = Form("kinds", "common", "none")
    for block in (0, 5, trained.block_count - 1):
        model = trained.fits_without(form)[block]
        left = ~near_block(rows.days, trained.blocks, block)
        design = trained.design.matrix[:, model.columns]
        expected = OLS(rows.kw[left], design[left]).fit()
        assert model.coefficients == pytest.approx(expected.params, abs=1e-6)


def test_standard_errors_are_those_of_statsmodels_for_errors_that_last() -> None:
    found = baseline_of(heated(365), BERLIN)
    assert isinstance(found, Baseline)
    design = found.trained.design.matrix[:, found.model.columns]
    result = OLS(found.trained.rows.kw, design).fit(cov_type="HAC", cov_kwds={"maxlags": 14, "use_correction": True})
    scales = found.trained.design.scales[list(found.model.columns)]
    assert [one.error_kw for one in found.coefficients] == pytest.approx(list(result.bse / scales))


def test_days_beside_a_block_are_not_in_its_fit() -> None:
    days = [FIRST + timedelta(days=n) for n in range(120)]
    blocks = blocks_of(days)
    assert [int((blocks == block).sum()) for block in range(4)] == [28, 28, 28, 36]
    out = near_block(days, blocks, 1)
    assert np.flatnonzero(out)[[0, -1]].tolist() == [28 - GAP_DAYS, 55 + GAP_DAYS]


def test_a_held_out_day_does_not_know_itself() -> None:
    rows = heated(365)
    changed = rows.kw.copy()
    changed[100] += 1000.0
    form = Form("kinds", "common", "none")
    before, after = (Trained(one).held_out_kw(form)[100] for one in (rows, rows.with_kw(changed)))
    assert after == pytest.approx(before, abs=1e-6)


def test_a_day_of_an_unknown_kind_is_taken_for_a_working_day() -> None:
    """A fit to working days alone has no coefficient for Sundays, and must not make it a huge one."""
    rows = heated(365)
    workdays = rows.where(rows.kind == 0)
    trained = Trained(workdays)
    model = trained.fit(Form("kinds"))
    assert model.coefficients[1:] == pytest.approx([0.0, 0.0])


def test_too_few_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="60 days make 2 blocks of 28 days; expected 3"):
        choose(Trained(heated(60)), [Form()])
