"""The shape of the images that everything here is made for, MNIST's, where a model's config names no other."""

Shape = tuple[int, int, int]  # channels, height, width; one channel: ink

SIDE = 28  # pixels
SHAPE: Shape = (1, SIDE, SIDE)
