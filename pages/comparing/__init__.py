"""The Compare page, a file for each of its modes."""
