"""The battery's bound by peakshaving-analyzer, run with the Python of an environment that has it (it needs another pandas than ours).

    PYTHON benchmarks/analysis/rival.py LOAD.csv CAPACITY_KWH POWER_KW EFFICIENCY

LOAD.csv: one power [kW] of a quarter hour a line.  Out: JSON with the peak [kW] and the seconds of modelling and solving.
The battery and the inverter cost next to nothing and power much, so the optimum is the lowest peak with the largest battery that is allowed.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main(file: str, capacity_kwh: float, power_kw: float, efficiency: float) -> None:
    """Print the result."""
    import pandas as pd
    from peakshaving_analyzer import Config, PeakShavingAnalyzer

    kw = pd.Series([float(line) for line in Path(file).read_text().split()])
    prices = pd.DataFrame({"grid": [1e-4] * len(kw), "consumption_site": [0.0] * len(kw)})
    config = Config(
        name="battery", consumption_timeseries=kw, price_timeseries=prices, n_timesteps=len(kw), hours_per_timestep=0.25,
        storage_cost_per_kwh=1e-3, max_storage_size_kwh=capacity_kwh, storage_charge_rate=power_kw / capacity_kwh,
        storage_discharge_rate=power_kw / capacity_kwh, storage_charge_efficiency=efficiency, storage_discharge_efficiency=1.0,
        inverter_efficiency=1.0, inverter_cost_per_kw=1e-3, grid_capacity_price=1e3, grid_energy_price=0.0,
    )  # fmt: skip
    began = time.monotonic()
    results = PeakShavingAnalyzer(config=config).optimize(solver="appsi_highs")
    seconds = time.monotonic() - began
    found = {key: value for key, value in results.to_dict().items() if isinstance(value, int | float | str)}
    json.dump({"seconds": seconds, "results": found}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], *(float(value) for value in sys.argv[2:5]))
