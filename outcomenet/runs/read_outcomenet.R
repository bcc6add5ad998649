# Reads the tables of an outcomenet folder (a run, a joined run or an analysis) with base R and prints what is there.
#
#   Rscript read_outcomenet.R FOLDER           prints; FOLDER is this file's own where it is left out
#   source("read_outcomenet.R"); data <- read_outcomenet("FOLDER"); data$visits$score
#
# Needs no package. Each column has its meaning as attribute "label", as haven gives it for the .dta files beside.

# Text that a spreadsheet would compute was written behind an apostrophe.
.unguard <- function(text) sub("^'(?='*[[:space:]]*[=+@-])", "", text, perl = TRUE)

# CODE = word; CODE = word -> a factor in the order of the codes
.coded <- function(values, meaning) {
  if (!nzchar(meaning)) return(values)
  parts <- strsplit(strsplit(meaning, "; ", fixed = TRUE)[[1]], " = ", fixed = TRUE)
  codes <- as.numeric(vapply(parts, `[`, "", 1))
  factor(values, levels = codes, labels = vapply(parts, `[`, "", 2))
}

.read_table <- function(file, codebook) {
  table <- read.csv(file, colClasses = "character", na.strings = "", check.names = FALSE, encoding = "UTF-8")
  names(table) <- .unguard(names(table))
  for (column in names(table)) {
    values <- .unguard(table[[column]])
    # names of patients and visits stay text: 007 is no 7
    if (!grepl("_id$", column)) values <- type.convert(values, as.is = TRUE, na.strings = c("", NA))
    if (is.character(values) && any(!is.na(values)) && all(values %in% c("True", "False", NA))) values <- values == "True"
    said <- codebook[codebook$column == column, , drop = FALSE]
    if (nrow(said) == 1) {
      if (is.numeric(values) && nzchar(said$values)) values <- .coded(values, said$values)
      attr(values, "label") <- said$meaning
      if (nzchar(said$unit)) attr(values, "unit") <- said$unit
    }
    table[[column]] <- values
  }
  table
}

read_outcomenet <- function(folder = ".", tables = NULL) {
  book <- file.path(folder, "codebook.csv")
  if (!file.exists(book)) stop(folder, " has no codebook.csv: it is no evaluated run and no analysis of outcomenet.")
  codebook <- read.csv(book, colClasses = "character", check.names = FALSE, encoding = "UTF-8")
  codebook[] <- lapply(codebook, function(text) { text[is.na(text)] <- ""; .unguard(text) })
  there <- unique(codebook$table)
  there <- there[file.exists(file.path(folder, paste0(there, ".csv")))]
  if (!is.null(tables)) {
    absent <- setdiff(tables, there)
    if (length(absent)) stop("There is no table ", paste(absent, collapse = ", "), "; there are ", paste(there, collapse = ", "), ".")
    there <- tables
  }
  data <- lapply(there, function(name) {
    .read_table(file.path(folder, paste0(name, ".csv")), codebook[codebook$table == name, ])
  })
  names(data) <- there
  attr(data, "codebook") <- codebook
  data
}

describe_outcomenet <- function(data) {
  cat("Tables:\n")
  for (name in names(data)) {
    table <- data[[name]]
    patients <- if ("patient_id" %in% names(table)) paste0(", ", length(unique(table$patient_id)), " patients") else ""
    cat(sprintf("  %-24s %6d rows, %3d columns%s\n", name, nrow(table), ncol(table), patients))
  }
  visits <- data$visits
  if (is.null(visits)) return(invisible(data))
  if ("may_be_used" %in% names(visits)) {
    used <- visits$may_be_used
    cat("\nRows of visits that an analysis may use (may_be_used):", sum(used), "of", length(used), "\n")
    if (!all(used)) cat("The others are of patients whom the network learned from: leave them out.\n")
  }
  cat("\nVisits, share known:\n")
  for (column in names(visits)) {
    values <- visits[[column]]
    label <- attr(values, "label")
    unit <- attr(values, "unit")
    label <- if (is.null(label)) "" else sub("[.;] .*$", "", label)
    if (!is.null(unit)) label <- paste0(label, " [", unit, "]")
    cat(sprintf("  %-24s %4.0f %%  %s\n", column, 100 * mean(!is.na(values)), strtrim(label, 90)))
  }
  invisible(data)
}

# run as a script, and not sourced
if (sys.nframe() == 0L) {
  given <- commandArgs(trailingOnly = TRUE)
  file <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
  folder <- if (length(given)) given[[1]] else if (length(file)) dirname(file[[1]]) else "."
  describe_outcomenet(read_outcomenet(folder))
}
