"""A measured plant behind the replay."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from exam_folder import exam_file

from simulation.replay import LoadProfile, pick_replay_start


def test_the_german_plant_s_new_peak_is_found() -> None:
    with gzip.open(exam_file("data/german_plant_2020/site_load_kw_15min_jan_jun.csv.gz"), "rt") as file:
        powers = [float(line) for line in file.read().split()[1:]]
    first = int(datetime(2019, 12, 31, 23, tzinfo=UTC).timestamp())
    profile = LoadProfile(tuple(first + 900 * n for n in range(len(powers))), tuple(powers))
    assert pick_replay_start(profile, ZoneInfo("Europe/Berlin")) == datetime(2020, 2, 7, 5, tzinfo=UTC)
