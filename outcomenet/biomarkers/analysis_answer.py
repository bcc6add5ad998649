"""The first page of an analysis: the primary contrast in words, one table, and what the measure is not."""

from __future__ import annotations
