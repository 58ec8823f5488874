"""What runs in the browser: the live map and the tools for pictures, each with the Python that mounts it."""
