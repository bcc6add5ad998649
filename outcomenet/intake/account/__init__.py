"""The account of an intake: flow of patients, Table 1, agreement of readers, follow-up table, intake page."""
