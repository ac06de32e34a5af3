"""The report: the comparison document, made of prose, quoted code, claims and published evidence."""
