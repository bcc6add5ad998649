# Recorded in test_prognosis.py and test_calibration_section.py. Rscript tests/biomarkers/r/prognosis.R
suppressPackageStartupMessages({library(survival); library(sandwich); library(cmprsk)})
for (p in c("survival", "sandwich", "cmprsk")) cat(p, as.character(packageVersion(p)), "\n")
options(digits = 10)
d <- read.csv("tests/biomarkers/r/prognosis.csv", stringsAsFactors = FALSE)
d$z <- d$score / sd(d$score)
# planned visits, as in docs/intake/follow_up.md
end <- with(d, ifelse(is.na(interval_end_days), interval_start_days, interval_end_days) - entry_days) / 365.25
nearest <- round(end)
on <- d$cause == "progression" & abs(end - nearest) <= 0.25 & nearest >= 1
visit <- ifelse(on, nearest, pmax(ceiling(end), 1))
visit <- ifelse(d$cause == "censored", floor(end + 0.25), visit)

cat("\nperson-periods\n")
pp <- do.call(rbind, lapply(seq_len(nrow(d)), function(i) if (visit[i] > 0)
  data.frame(id = d$patient_id[i], visit = seq_len(visit[i]), z = d$z[i], age = d$age[i],
             y = as.integer(seq_len(visit[i]) == visit[i] & d$cause[i] == "progression"),
             dead = as.integer(seq_len(visit[i]) == visit[i] & d$cause[i] == "death"))))
cat(nrow(pp), sum(pp$y), sum(pp$dead), "\n")
for (f in c("y ~ factor(visit) - 1 + z", "y ~ factor(visit) - 1 + z + age", "dead ~ factor(visit) - 1 + z")) {
  g <- glm(as.formula(f), binomial("cloglog"), pp)
  cat(f, coef(g)["z"], sqrt(vcovCL(g, ~id, type = "HC0", cadjust = TRUE)["z", "z"]), sqrt(vcovCL(g, ~id, type = "HC1")["z", "z"]), "\n")
}

cat("\nWeibull, time since the first film\n")
lower <- (d$last_film_without_days - d$entry_days) / 365.25
upper <- ifelse(d$cause == "progression", (d$interval_end_days - d$entry_days) / 365.25, NA)
use <- lower > 0 | !is.na(upper)
lower[lower == 0] <- NA
w <- survreg(Surv(lower[use], upper[use], type = "interval2") ~ z + age, d[use, ], dist = "weibull",
             control = survreg.control(rel.tolerance = 1e-12))
cat(sum(use), coef(w)["z"], sqrt(vcov(w)["z", "z"]), 1 / w$scale, "\n")

cat("\nAalen-Johansen in planned visits by third\n")
third <- cut(rank(d$score), c(0, 80, 160, 240), labels = c("lowest", "middle", "highest"))
first <- factor(d$cause, c("censored", "progression", "death", "joint_surgery"))
s <- summary(survfit(Surv(visit, first) ~ third), times = 1:4)
print(data.frame(third = s$strata, visit = s$time, at_risk = s$n.risk[, 1], progression = s$pstate[, 2]))
ci <- cuminc(visit, as.character(first), third, cencode = "censored")
for (g in c("lowest progression", "middle progression", "highest progression")) cat(g, timepoints(ci[g], 1:4)$est, "\n")

cat("\nCox in planned visits, and of death in days with late entry\n")
k <- visit > 0
m <- coxph(Surv(visit[k], d$cause[k] == "progression") ~ z + age, d[k, ])
cat(coef(m)["z"], sqrt(vcov(m)["z", "z"]), "\n"); print(cox.zph(m, transform = "rank"))
last <- with(d, ifelse(cause == "censored", interval_start_days, interval_end_days))
l <- last > d$entry_days
m <- coxph(Surv(d$entry_days[l], last[l], d$cause[l] == "death") ~ z, d[l, ])
cat(sum(l), coef(m)["z"], sqrt(vcov(m)["z", "z"]), "\n")

cat("\ncalibration\n")
lp <- qlogis(d$risk)
cat(coef(glm(event ~ offset(lp), binomial, d)), coef(glm(event ~ lp, binomial, d)), coef(lm(haq ~ haq_predicted, d)), "\n")
a <- loess(event ~ risk, d, span = 0.75, degree = 1, surface = "direct")
cat(predict(a, data.frame(risk = c(0.2, 0.4, 0.7))), "\n")
