# Recorded in test_heterogeneity.py and test_subgroups.py. Rscript tests/biomarkers/r/heterogeneity.R
suppressPackageStartupMessages({library(metafor); library(geepack)})
for (p in c("metafor", "geepack")) cat(p, as.character(packageVersion(p)), "\n")
options(digits = 10)
y <- c(0.21, 0.35, 0.10, 0.42, 0.28); s <- c(0.06, 0.08, 0.05, 0.11, 0.07)
for (m in c("DL", "PM")) {
  r <- rma(y, sei = s, method = m, test = if (m == "PM") "knha" else "z", control = list(tol = 1e-14, maxiter = 1000))
  cat(m, "tau2", r$tau2, "Q", r$QE, "p", r$QEp, "I2", r$I2, "mean", r$b, r$ci.lb, r$ci.ub, "\n")
  print(confint(r, control = list(tol = 1e-14)), digits = 8)
}
d <- read.csv("tests/biomarkers/r/association.csv", colClasses = c(patient_id = "character"))
d$z <- d$score / sd(d$score)
print(summary(geeglm(haq ~ z * sex + age, id = factor(patient_id), data = d, corstr = "exchangeable"))$coefficients)
