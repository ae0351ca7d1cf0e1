"""What every page and every API call has at hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from console.access import Access
from console.analyses import AnalysisDesk
from console.board import Board
from console.reports import ReportShelf


@dataclass(frozen=True)
class Console:
    """One plant's console."""

    board: Board
    shelf: ReportShelf
    access: Access
    analyses: AnalysisDesk = field(default_factory=AnalysisDesk)
