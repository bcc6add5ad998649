"""Losses: one value per example and outcome with a mask; the reduction exists once, in `objective`."""
