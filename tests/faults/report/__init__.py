"""docs/reliability-report.md, made from the runs that were kept."""

from tests.faults.report.page import render, write

__all__ = ["render", "write"]
