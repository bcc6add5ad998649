# Recorded in test_pooling.py. Rscript tests/biomarkers/r/pooling.R
suppressPackageStartupMessages({library(mice); library(mitml)})
cat("mice", as.character(packageVersion("mice")), "mitml", as.character(packageVersion("mitml")), "\n")
options(digits = 10)
q <- c(0.50, 0.58, 0.46, 0.53, 0.49); u <- c(0.10, 0.11, 0.095, 0.10, 0.105)^2
print(unlist(pool.scalar(q, u, n = 93, k = 3, rule = "rubin1987")))
# D1 of two coefficients, without and with a small-sample correction
Q <- list(c(a = 0.5, b = 0.2), c(a = 0.58, b = 0.1), c(a = 0.46, b = 0.25), c(a = 0.53, b = 0.16), c(a = 0.49, b = 0.22))
U <- lapply(c(1, 1.1, 0.9, 1.05, 1), function(s) s * matrix(c(0.01, 0.002, 0.002, 0.02), 2))
print(testConstraints(qhat = Q, uhat = U, constraints = c("a", "b"), method = "D1"))
