"""Rival predictors on tables: covariates, human scores and film scores, with intervals and recalibration."""
