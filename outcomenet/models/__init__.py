"""The multi-joint encoder, its aggregation over a patient's joints, and the heads that speak (flax NNX)."""
