"""The classical filters that the networks are compared with, each a picture (H, W) in [0, 1] and a strength to such a picture."""

import numpy as np

from core.data.median import median_around

TV_STEPS = 60  # a fixed number, so that what one pixel sees has an end
NL_PATCH, NL_DISTANCE = 5, 6  # pixels: the side of what is compared, and how far around it is looked for


def median(image: np.ndarray, radius: float) -> np.ndarray:
    """The median of the square of 2 radius + 1 pixels around each pixel; beyond the border the border repeats."""
    return median_around(image, 2 * int(radius) + 1)


def gaussian(image: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian blur of that many pixels, cut off at 4 sigma; beyond the border the border repeats."""
    from skimage import filters

    return filters.gaussian(image, sigma, mode="nearest", truncate=4.0, preserve_range=True)


def tv(image: np.ndarray, weight: float) -> np.ndarray:
    """Little total variation, yet near to the image.  (Chambolle 2004, TV_STEPS steps)"""
    from skimage import restoration

    return restoration.denoise_tv_chambolle(image, weight, eps=0.0, max_num_iter=TV_STEPS)


def nl_means(image: np.ndarray, h: float) -> np.ndarray:
    """Each pixel becomes the mean of those around it whose patches look like its own.  (Buades et al. 2005; fast: Darbon et al. 2008)"""
    from skimage import restoration

    return restoration.denoise_nl_means(image, NL_PATCH, NL_DISTANCE, h).reshape(image.shape)  # of a single row it makes one dimension
