"""Checks across a cohort's tables: names, dates, units, measurements, grades, events, landmarks."""
