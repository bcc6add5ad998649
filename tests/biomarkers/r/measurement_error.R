# Recorded in test_measurement_error.py. Rscript tests/biomarkers/r/measurement_error.R
# The package simex is not used: SIMEX is written out with lm, and regression calibration is the moment-corrected slope.
cat("R", as.character(getRversion()), "\n"); options(digits = 10)
d <- read.csv("tests/biomarkers/r/association.csv", colClasses = c(patient_id = "character"))
sem <- 0.5
cat("naive\n"); print(coef(lm(haq ~ score + age, d)))
s <- cov(d[, c("score", "age")]) * (nrow(d) - 1) / (nrow(d) - 2)  # residual variance of the score on n - 2
s[1, 1] <- s[1, 1] - sem^2
cat("corrected by moments\n"); print(solve(s, cov(d[, c("score", "age")], d$haq) * (nrow(d) - 1) / (nrow(d) - 2)))
set.seed(1)
k <- c(0, 0.5, 1, 1.5, 2)
slope <- sapply(k, function(x) mean(replicate(4000, coef(lm.fit(cbind(1, d$score + sqrt(x) * sem * rnorm(nrow(d)), d$age), d$haq))[2])))
cat("with added error\n"); print(slope)
cat("quadratic and cubic\n")
print(predict(lm(slope ~ poly(k, 2, raw = TRUE)), data.frame(k = -1))); print(predict(lm(slope ~ poly(k, 3, raw = TRUE)), data.frame(k = -1)))
