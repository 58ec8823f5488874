"""The Reconstruct page's parts."""

KEY = "reconstruct"  # the names of the page's widgets begin with it
