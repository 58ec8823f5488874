"""The Super-resolution page's two halves."""
