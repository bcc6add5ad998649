"""Audits that need a network or the simulator."""
