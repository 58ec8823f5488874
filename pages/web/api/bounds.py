"""How much a stranger may send and ask for."""

MAX_BODY = 16 << 20  # bytes
MAX_PIXELS = 4_000_000
READ_S, WORK_S = 60, 120  # seconds that an upload, and its denoising, may take
PER_MINUTE, BURST = 30, 30  # requests of one client: on average, and at once
AT_ONCE, UPLOADS_AT_ONCE = 2, 8  # on the whole server
OWN_AT_ONCE = 2  # of the uploads, those of one client
