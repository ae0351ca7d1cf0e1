"""A disk small enough to be filled: a tmpfs of a few MB for the gateway's buffer."""

from __future__ import annotations

import subprocess
from pathlib import Path

SIZE_MB = 24


class SmallDisk:
    """`folder` on a file system of its own, where this user may mount one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_own = False
        """Whether it can be filled without filling the machine's disk."""

    def make(self) -> None:
        """Mount it; without the permission it is an ordinary folder and cannot be filled."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(self.folder)]
        self.is_own = subprocess.run(command, capture_output=True, check=False).returncode == 0

    def fill(self) -> None:
        """Leave not one byte."""
        with (self.folder / "filler").open("wb", buffering=0) as filler:
            for size in (2**20, 4096, 1):
                try:
                    while filler.write(b"\0" * size):
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        """Give the space back."""
        (self.folder / "filler").unlink(missing_ok=True)

    def remove(self) -> None:
        """Unmount it."""
        if self.is_own:
            subprocess.run(["umount", "-l", str(self.folder)], capture_output=True, check=False)
            self.is_own = False
