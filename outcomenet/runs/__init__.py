"""Run record (command, configuration, versions, seeds, data fingerprint) and the chain of files from it to the report."""
