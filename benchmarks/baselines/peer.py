"""Run with the Python of an environment that has OpenDSM: its metrics of the pairs on stdin, as JSON. Imports nothing of ours."""

import json
import sys

import pandas as pd
from opendsm.common.metrics import BaselineMetrics, ReportingMetrics

NAMES = (
    "n",
    "n_prime",
    "rmse",
    "rmse_adj",
    "rmse_autocorr_adj",
    "cvrmse",
    "cvrmse_adj",
    "cvrmse_autocorr_adj",
    "nmbe",
    "r_squared",
    "r_squared_adj",
)

answers = []
for case in json.load(sys.stdin):
    frame = pd.DataFrame({"observed": case["observed"], "predicted": case["predicted"]}, dtype=float)
    metrics = BaselineMetrics(df=frame, num_model_params=case["parameters"])
    index = pd.date_range("2023-01-01", periods=len(frame), freq="D")
    reported = ReportingMetrics(
        baseline_metrics=metrics, reporting_df=frame.set_index(index), data_frequency="daily", confidence_level=0.8
    )
    answers.append(
        {name: float(getattr(metrics, name)) for name in NAMES} | {"uncertainty": float(reported.total_savings_uncertainty)}
    )
json.dump(answers, sys.stdout)
