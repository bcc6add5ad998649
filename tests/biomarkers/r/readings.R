# ICC forms, SEM, SDC, limits of agreement and weighted kappa of readings.csv; Rscript tests/biomarkers/r/readings.R
# readings.csv: 40 patients, 2 visits, 3 readers, simulated by numpy.random.default_rng(4) (see test_reliability.py).
library(psych)
readings <- read.csv("tests/biomarkers/r/readings.csv")
cat("psych", as.character(packageVersion("psych")), R.version.string, "\n")
wide <- reshape(readings[c("patient_id", "visit_id", "reader", "total")], idvar = c("patient_id", "visit_id"),
                timevar = "reader", direction = "wide")
wide <- wide[order(wide$patient_id, wide$visit_id), ]
status <- as.matrix(wide[, 3:5])
show <- function(name, x) {
  fit <- suppressWarnings(suppressMessages(ICC(x, lmer = FALSE)))
  cat(name, sprintf("%.10f", fit$results$ICC), "\n")
  long <- data.frame(y = as.vector(x), target = factor(rep(seq_len(nrow(x)), 3)), rater = factor(rep(1:3, each = nrow(x))))
  two <- summary(aov(y ~ target + rater, long))[[1]]$"Mean Sq"
  one <- summary(aov(y ~ target, long))[[1]]$"Mean Sq"
  cat(name, "sem", sprintf("%.10f", c(sqrt(one[2]), sqrt((two[2] - two[3]) / nrow(x) + two[3]), sqrt(two[3]))), "\n")
  pairs <- combn(3, 2)
  sd_d <- sqrt(mean(apply(pairs, 2, function(p) var(x[, p[1]] - x[, p[2]]))))
  cat(name, "sd_d", sprintf("%.10f", sd_d), "\n")
  d <- x[, 1] - x[, 2]
  cat(name, "limits", sprintf("%.10f", mean(d) + c(0, -1.96, 1.96) * sd(d)), "\n")
}
show("status", status)
first <- status[wide$visit_id == 0, ]
second <- status[wide$visit_id == 1, ]
show("change", second - first)
grades <- reshape(readings[c("patient_id", "visit_id", "reader", "grade")], idvar = c("patient_id", "visit_id"),
                  timevar = "reader", direction = "wide")
pair <- grades[, 3:4]
k <- cohen.kappa(pair)
cat("kappa", sprintf("%.10f", c(k$weighted.kappa, k$kappa)), "\n")
