# Recorded in test_imputation.py. Rscript tests/biomarkers/r/imputation.R
suppressPackageStartupMessages(library(mice))
cat("mice", as.character(packageVersion("mice")), "\n")
d <- read.csv("tests/biomarkers/r/imputation.csv", na.strings = "")
d$g <- factor(d$g); d$patient_id <- NULL
i <- mice(d, m = 200, maxit = 10, seed = 1, printFlag = FALSE, method = c("", "", "pmm", "logreg"))
print(summary(pool(with(i, lm(y ~ x + z + g)))))
print(summary(lm(y ~ x + z + g, d))$coefficients)
