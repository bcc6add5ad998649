# Rscript stata_table.R > stata_table.txt: what haven reads of stata_table.dta, which tests/test_stata_files.py writes.
library(haven)
cat("haven", as.character(packageVersion("haven")), "R", as.character(getRversion()), "\n")
table <- read_dta("stata_table.dta")
shown <- as_factor(table)
for (name in names(table)) cat(name, as.character(shown[[name]]), "\n")
cat("label of score:", attr(table$score, "label"), "\n")
cat("labels of treatment:", names(attr(table$treatment, "labels")), "\n")
