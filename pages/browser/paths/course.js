// A path through waypoints: a fine chain of codes, how far along each is by its numbers and by what is decoded, and steps taken of it.

import { breaks } from "../turns.js";
import { at, decodedLengths, evenly, lengths } from "./evenly.js";
import { KINDS } from "./kinds.js";
import { divided } from "./ways.js";

const FINE = 192, LEAST = 4; // parts of all legs together, and of each at least

/** Lay a path of a kind through waypoints, at least two; share(v) hears how far what it needs is. Null where no way leads there. Throws the
 *  signal's reason when that aborts. */
export async function lay(space, waypoints, kind, signal, share) {
  const { prepare, lead } = KINDS[kind], ready = await prepare(space, waypoints, signal, share), pause = breaks(signal);
  const parts = Math.max(LEAST, Math.ceil(FINE / (waypoints.length - 1))), codes = [waypoints[0].code];
  for (let i = 1; i < waypoints.length; i++) {
    const leg = await lead(ready, waypoints[i - 1].code, waypoints[i].code, parts, signal, space);
    if (!leg) return null;
    for (const code of divided(leg, parts).slice(1)) codes.push(code);
  }
  return Course.measured(space, codes, pause);
}

export class Course {
  /** Of a chain of codes: what is decoded of each is looked at once, in slices. */
  static async measured(space, codes, pause) {
    const far = await decodedLengths(codes, (z) => space.image(z), pause);
    return Object.assign(new Course(), { space, codes, far: { z: lengths(codes), pixels: far } });
  }

  /** The code at a share of the way, by "z" or by "pixels". */
  code(share, by) {
    return at(this.codes, this.far[by], share * this.far[by].at(-1));
  }

  /** So many steps, equal by "z" or by "pixels": {zs, images}. */
  steps(count, by) {
    const zs = evenly(this.codes, this.far[by], count);
    return { zs, images: zs.map((z) => Float32Array.from(this.space.image(z))) };
  }
}

/** As many images from the first to the last, whose pixels are mixed: one fades out while the other fades in. */
export function crossFade(first, last, count) {
  return Array.from({ length: count }, (_, i) => first.map((v, pixel) => v + (i / (count - 1)) * (last[pixel] - v)));
}

/** How far each image is from the nearest of all test images, of bytes, in slices: root of the summed squared differences of the pixels. */
export async function fromReal(images, pixels, signal) {
  const pause = breaks(signal), size = images[0].length, count = pixels.length / size, found = [];
  for (const image of images) {
    const x = image.map((v) => 255 * v);
    let least = Infinity;
    for (let row = 0; row < count; row++) {
      if (row % 64 === 0) await pause();
      let squared = 0;
      for (let at = row * size, i = 0; i < size && squared < least;) {
        for (const end = Math.min(size, i + 112); i < end; i++, at++) squared += (pixels[at] - x[i]) ** 2;
      }
      least = Math.min(least, squared);
    }
    found.push(Math.sqrt(least) / 255);
  }
  return found;
}
