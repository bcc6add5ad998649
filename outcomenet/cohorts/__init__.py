"""From a hospital's folder to a checked cohort: tables, films, linkage, splits and the ledger of every exclusion."""
