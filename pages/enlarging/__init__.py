"""What Super-resolution shows: one digit, ten, noise, a larger picture."""
