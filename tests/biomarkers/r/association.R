# Recorded in test_clustered_fits.py, test_ordinal_fit.py, test_splines.py and test_association.py.
# Rscript tests/biomarkers/r/association.R
suppressPackageStartupMessages({library(lme4); library(geepack); library(sandwich); library(ordinal); library(rms)})
for (p in c("lme4", "geepack", "sandwich", "ordinal", "rms")) cat(p, as.character(packageVersion(p)), "\n")
options(digits = 10)
d <- read.csv("tests/biomarkers/r/association.csv", colClasses = c(patient_id = "character"))
d$sex <- factor(d$sex)

cat("mixed model\n")
m <- lmer(haq ~ score + age + sex + (1 | patient_id), d, REML = TRUE)
print(summary(m)$coefficients)
v <- as.data.frame(VarCorr(m))$vcov
cat("correlation", v[1] / sum(v), "REML log likelihood", as.numeric(logLik(m)), "\n")
cat("plain log likelihood", as.numeric(logLik(lmer(haq ~ score + age + sex + (1 | patient_id), d, REML = FALSE))), "\n")

cat("GEE\n")
print(summary(geeglm(haq ~ score + age + sex, id = factor(patient_id), data = d, corstr = "exchangeable"))$coefficients)

cat("cluster-robust least squares\n")
o <- lm(haq ~ score + age + sex, d)
print(sqrt(diag(vcovCL(o, ~patient_id)))); print(coef(o))

cat("between and within\n")
d$mean <- ave(d$score, d$patient_id); d$deviation <- d$score - d$mean
print(summary(lmer(haq ~ mean + deviation + age + sex + (1 | patient_id), d))$coefficients)

cat("spline\n")
k <- rcspline.eval(d$score, nk = 4, knots.only = TRUE); print(k)
b <- rcspline.eval(d$score, knots = k, inclx = TRUE); print(b[1:3, ])

cat("proportional odds\n")
h <- cut(d$haq, c(-1, 0.5, 1, 1.5, 3), labels = FALSE)
p <- clm(factor(h) ~ score + age + sex, data = d)
print(coef(summary(p)))
print(sqrt(diag(vcovCL(p, cluster = d$patient_id, type = "HC0"))))
