"""Images in: data sets, and (at this border only) their conversion to float32 in [0, 1], ink = 1."""
