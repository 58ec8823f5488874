"""The HTTP interface below /api/: POST an image to /api/v1/denoise and get it back denoised; /api/v1/openapi.json describes it.

Whoever calls is a stranger: sizes, time, requests per minute and requests at once are bounded, nothing is written to disk, and every
refusal is JSON with a sentence. The work runs in a thread, so the pages go on meanwhile.
"""
