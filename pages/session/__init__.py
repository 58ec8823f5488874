"""What one visitor's session holds on every page: the view and its link, caches, controls, words, work in the background, downloads."""
