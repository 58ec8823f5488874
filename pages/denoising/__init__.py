"""The Denoise page, a file for each of its tabs."""
