"""Advice on columns and words of other programs' tables that a cohort folder writes in another way; keys in lower case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def _each(names: Iterable[str], advice: str) -> dict[str, str]:
    return dict.fromkeys(names, advice)


_TOTAL = "Leave it out: totals are summed from the grades in scores.csv."
_OTHER_SCALE = "Leave it out: it is another scale than the HAQ-DI and is never pooled with it."

PATIENT_COLUMNS: Mapping[str, str] = {
    **_each(("name", "surname", "first_name", "last_name", "initials", "address", "phone", "email"),
            "Remove it: who a patient is has no place in a cohort folder."),
    **_each(("dob", "birth_date", "birthdate", "date_of_birth", "birthday"),
            "Write the year alone, as birth_year: a day of birth says who somebody is."),
    "age": "Write birth_year instead: the age at each visit follows from it.",
    **_each(("duration", "disease_duration"), "Write symptom_onset, a date: the duration at each visit follows from it."),
    **_each(("death", "death_date", "date_of_death"), "Write it in events.csv: patient_id, date, event = death."),
}  # fmt: skip

VISIT_COLUMNS: Mapping[str, str] = {
    "age": "Leave it out: it follows from birth_year in patients.csv.",
    **_each(("sex", "gender"), "Write it once per patient, as sex in patients.csv."),
    **_each(("duration", "disease_duration"), "Write symptom_onset in patients.csv, or duration in measurements.csv."),
    "radai": "Write it in measurements.csv: patient_id, visit_id, name = radai, value.",
    **_each(("mhaq", "m_haq", "mdhaq", "md_haq", "haq_ii", "haq2", "haqii"), _OTHER_SCALE),
    **_each(("svdh", "svdh_total", "shs", "sharp", "sharp_score", "total_score", "larsen", "sens"), _TOTAL),
    **_each(("progression", "rrp", "rapid_progression"), "Leave it out: progression is found from the scores, between two films."),
}  # fmt: skip

FILM_COLUMNS: Mapping[str, str] = {
    **_each(("visit_id", "visit"), "Leave it out: a film belongs to its patient's nearest visit."),
    **_each(("name", "accession", "accession_number", "study_uid"), "Remove it: it may say who somebody is."),
}

SCORE_COLUMNS: Mapping[str, str] = {
    **_each(("total", "svdh_total", "total_score", "overall_tol"), _TOTAL),
    **_each(("joint", "location"), "Name the site as the scheme does, as site, and its side (LH, RH, LF, RF) as side."),
    "date": "Leave it out: a grade belongs to a visit, whose date stands in visits.csv.",
}

_DATE_OF_EVENT = (
    "Write the day of the event as date: times are counted from dates, and whoever had no event has no row here and is "
    "censored at the last film."
)
_WHAT_HAPPENED = (
    "Write what happened as event (death, joint_surgery or lost), a row each: a 0/1 status does not say which event it was, "
    "and whoever had no event has no row here."
)
EVENT_COLUMNS: Mapping[str, str] = {
    **_each(("time", "days", "months", "years", "followup", "follow_up", "followup_time", "time_to_event", "survival_time",
             "t", "tstart", "tstop", "start", "stop"), _DATE_OF_EVENT),
    **_each(("status", "censored", "censoring", "cens", "event_flag", "indicator", "delta", "dead", "died", "cause"),
            _WHAT_HAPPENED),
    **_each(("visit_id", "visit"), "Leave it out: an event belongs to a patient and a date."),
}  # fmt: skip

# What a status column says in the place of an event. A patient without an event has no row.
_NO_EVENT = (
    "Remove the row: a patient to whom nothing happened has none, and is censored at the last film. Write lost where the "
    "day is known on which the patient left."
)
EVENT_WORDS: Mapping[str, str] = {
    **_each(("censored", "censor", "censoring", "right-censored", "right censored", "administrative censoring", "0", "0.0",
             "alive", "none", "no", "n", "na", "n/a", "-", "no event", "event-free", "ongoing", "false", "completed",
             "end of study", "end of follow-up", "end of follow up"), _NO_EVENT),
    **_each(("lost to follow-up", "lost to follow up", "loss to follow-up", "loss to follow up", "ltfu", "ltf", "moved",
             "moved away", "drop-out", "drop out", "discontinued"),
            "Did you mean lost? It ends follow-up on that day."),
    **_each(("1", "1.0", "2", "2.0", "yes", "y", "status", "event", "true"),
            "Write what happened (death, joint_surgery or lost): a 0/1 status does not say which event it was."),
    **_each(("progression", "progressed", "rrp", "rapid progression"),
            "Remove the row: progression is found from the scores, between two films."),
}  # fmt: skip
