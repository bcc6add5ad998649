"""HTML pages that can be mailed: one file, no network, no script, readable on a phone, on a screen and in print."""
