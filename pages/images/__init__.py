"""Where a page's images come from, and how they are shown."""
