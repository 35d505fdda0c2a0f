"""The figures of a report, drawn from a run record."""
