"""The Super-resolution page's tabs."""
