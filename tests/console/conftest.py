from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the sample plant beside the tests

from console_ledger import sample_ledger
from console_sample import NOW_UTC, SampleFeed, demo_plant, sample_processes

from console.views.scene import Scene
from domain.plant import Plant


@pytest.fixture(scope="session")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return demo_plant(tmp_path_factory.mktemp("plant"))


@pytest.fixture
def scene(plant: Plant) -> Scene:
    """The sample plant at Friday 11:52:30 local."""
    ledger = sample_ledger(plant)
    feed = SampleFeed(plant, ledger)
    return Scene(plant, ledger, feed.picture(), NOW_UTC, processes=sample_processes())
