// A large file, and how much of it is here.

import { asked, refused } from "../server.js";

/** The bytes at an address, about `size` of them; progress(share) is told of each part that comes. */
export const fetched = (address, size, progress, signal) => asked(address, { signal }, async (response) => {
  if (!response.ok) throw refused(response);
  const reader = response.body.getReader(), parts = [];
  for (let here = 0; ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    progress(Math.min(0.99, (here += value.length) / size));
  }
  return new Blob(parts).arrayBuffer();
});
