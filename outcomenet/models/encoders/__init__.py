"""Encoders of joint crops: every encoder gives each joint an embedding, and one can stand in for another."""
