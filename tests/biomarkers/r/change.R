# Recorded in test_responsiveness.py and test_trial_power.py. Rscript tests/biomarkers/r/change.R
library(boot)
cat("R", as.character(getRversion()), "boot", as.character(packageVersion("boot")), "\n"); options(digits = 10)
d <- read.csv("tests/biomarkers/r/change.csv", colClasses = c(patient_id = "character"))
first <- d[d$planned == 0, ]; later <- d[d$planned == 1, ]
stopifnot(first$patient_id == later$patient_id)
names <- c("score", "svdh", "haq", "das28", "truth", "reader_1", "reader_2")
change <- later[, names] - first[, names]
srm <- function(x) mean(x) / sd(x)
cat("mean, SD, SRM\n")
for (of in c("score", "svdh", "haq")) print(c(mean(change[[of]]), sd(change[[of]]), srm(change[[of]])))
stable <- abs(change$haq) < 0.22
cat("Guyatt by HAQ, by placebo\n")
for (of in c("score", "svdh")) print(c(sum(stable), mean(change[[of]]) / sd(change[[of]][stable]), mean(change[[of]]) / sd(change[[of]][first$arm == "placebo"])))
cat("Pearson, Spearman\n"); print(cor(change[, 1:4])[1, ]); print(cor(change[, 1:4], method = "spearman")[1, ])
set.seed(1)
two <- boot(change, function(x, i) c(srm(x$score[i]), srm(x$svdh[i]), abs(srm(x$score[i])) - abs(srm(x$svdh[i]))), 20000)
cat("boot percentile\n"); for (k in 1:3) print(boot.ci(two, type = "perc", index = k)$percent[4:5])
cat("n per arm, halved change\n")
n <- function(d, power) power.t.test(delta = d, sd = 1, power = power)$n
for (of in c("score", "svdh", "haq")) print(c(n(0.5 * abs(srm(change[[of]])), 0.8), n(0.5 * abs(srm(change[[of]])), 0.9)))
cat("ANCOVA: adjusted r2 of the change by its own first value\n")
r2 <- function(y, ...) summary(lm(y ~ ...))$adj.r.squared
for (of in c("score", "svdh", "haq")) print(c(r2(change[[of]], first[[of]]), n(0.5 * abs(srm(change[[of]])) / sqrt(1 - r2(change[[of]], first[[of]])), 0.8)))
cat("HAQ endpoint: residual variance with its first value, and with the first score too\n")
one <- lm(change$haq ~ first$haq); more <- lm(change$haq ~ first$haq + first$score)
print(1 - summary(more)$sigma^2 / summary(one)$sigma^2)
cat("readers: error variance of a change, and SD of the mean of k\n")
long <- data.frame(y = c(change$reader_1, change$reader_2), p = factor(rep(first$patient_id, 2)), r = factor(rep(1:2, each = nrow(first))))
error <- anova(lm(y ~ p + r, long))["Residuals", "Mean Sq"]; print(error)
for (k in 1:4) print(c(sqrt(var(change$svdh) - error / 2 + error / k), n(0.5 * mean(change$svdh) / sqrt(var(change$svdh) - error / 2 + error / k), 0.8)))
cat("arms: placebo minus active in SDs within arms, n, within-arm adjusted r2\n")
active <- first$arm == "active"
for (of in c("score", "svdh", "haq")) {
  y <- change[[of]]; within <- lm(y ~ active); d1 <- -coef(within)[[2]] / summary(within)$sigma
  r <- 1 - summary(lm(y ~ active + first[[of]]))$sigma^2 / summary(within)$sigma^2
  print(c(d1, n(abs(d1), 0.8), r))
}
cat("enriched: third with the highest first score, halved change\n")
top <- first$score >= quantile(first$score, 2 / 3)
print(c(sum(top), srm(change$svdh[top]), n(0.5 * abs(srm(change$svdh[top])), 0.8)))
