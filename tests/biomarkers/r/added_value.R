# Recorded in test_added_value.py. Rscript tests/biomarkers/r/added_value.R
suppressPackageStartupMessages({library(lme4); library(boot); library(sandwich)})
for (p in c("lme4", "boot", "sandwich")) cat(p, as.character(packageVersion(p)), "\n")
options(digits = 10)
d <- read.csv("tests/biomarkers/r/association.csv", colClasses = c(patient_id = "character"))
a <- lmer(haq ~ age + svdh + (1 | patient_id), d, REML = FALSE)
b <- lmer(haq ~ age + svdh + score + (1 | patient_id), d, REML = FALSE)
print(anova(a, b))
print(as.numeric(2 * (logLik(b) - logLik(a))))
f <- d[!duplicated(d$patient_id), ]
f$event <- as.integer(f$haq > 1)
p <- glm(event ~ age + svdh, binomial, f); q <- glm(event ~ age + svdh + score, binomial, f)
print(anova(p, q, test = "LRT")); print(coef(q), digits = 10)
d$event <- as.integer(d$haq > 1)
g <- glm(event ~ age + svdh + score, binomial, d)
print((coef(g)["score"] / sqrt(vcovCL(g, ~patient_id, type = "HC0")["score", "score"]))^2)

# difference of R2 of two given predictions, patients resampled: the percentile interval of 10,000 resamples
id <- unique(d$patient_id); rows <- split(seq_len(nrow(d)), d$patient_id)
one <- 1 + 0.02 * (d$svdh - 15); two <- 1.1 + 0.35 * d$score
r2 <- function(y, p) 1 - sum((y - p)^2) / sum((y - mean(y))^2)
set.seed(1)
r <- boot(seq_along(id), function(x, i) { k <- unlist(rows[i]); r2(d$haq[k], two[k]) - r2(d$haq[k], one[k]) }, 10000)
print(r$t0); print(quantile(r$t, c(0.025, 0.975)))
