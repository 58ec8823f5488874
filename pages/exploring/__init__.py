"""The Explore page's panel."""
