"""Sweeps: planned trials, their state in files, and what starts them."""

STOP = "stop"  # a file in a sweep's folder that asks every process of it to save its step and end
