"""The pages: controls, one call into core, show."""
