"""What the plant file names for key figures: series that stand beside the meters."""

from __future__ import annotations

from domain.toml_files import Settings


class KeyFigures(Settings):
    """Files beside the plant file; each has a first column `day` (a local date) or `start_utc`, the others are numbers."""

    temperature: str | None = None
    """CSV with one column `temperature_c` or `temperature_f`: outdoors. Without it nothing is compared at equal degree days."""
    production: str | None = None
    """CSV of what the site made or how long it worked, a column each: kilograms, tonnes, hours. A day on which nothing was made is written with 0."""
