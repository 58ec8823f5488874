"""What pages share: assets, caches, the view in the URL, controls, the live map."""
