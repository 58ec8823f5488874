"""The Generate page, a file for each of its tabs."""
