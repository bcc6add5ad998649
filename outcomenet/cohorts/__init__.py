"""Cohort folders: tables read and checked, films linked to visits, splits, and the ledger of every exclusion."""
