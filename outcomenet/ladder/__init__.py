"""The rivals on tables: predictors from covariates, human scores and film scores, their intervals and recalibration."""
