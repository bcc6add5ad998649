"""The report of a run: one HTML file for an epidemiologist, made from the files of the run folder and nothing else."""

from outcomenet.reports.render import write_report

__all__ = ["write_report"]
