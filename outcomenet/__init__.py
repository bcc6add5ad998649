"""Outcome-direct measures of joint damage from hand and foot radiographs in rheumatoid arthritis."""

__version__ = "0.1.0"
