// An image file that somebody gives the page, decoded by the browser and as grey levels; what cannot be read becomes a sentence. Nothing is sent.

const MOST_BYTES = 32 << 20; // as core/data/formats.py has it
const SIDE = 280; // of the sheet, in pixels: a larger image is made smaller

export class FileError extends Error {}

/** A Blob -> {data: Float32Array in [0, 1] with white = 1, height, width, notes: sentences on how it was read}; a FileError with a sentence where
 *  it cannot be read. */
export async function greyOf(file) {
  if (!file.size) throw new FileError("The file is empty. Choose the image again.");
  if (file.size > MOST_BYTES) throw new FileError(`The file is larger than ${MOST_BYTES >> 20} MB. Save the image smaller, or as a JPEG.`);
  const notes = animated(new Uint8Array(await file.arrayBuffer())) ? ["It is animated: this is its first frame."] : [];
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new FileError("This is not an image that your browser can read. Save it as a PNG or a JPEG and try again.");
  });
  const most = Math.max(bitmap.width, bitmap.height), scale = Math.min(1, SIDE / most);
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height), { ground, seen } = under(data);
  if (seen) notes.push(`It is transparent: what shows through was taken for ${ground ? "white" : "black"} paper.`);
  return { data: Float32Array.from({ length: width * height }, (_, i) => flat(data, i, ground)), height, width, notes };
}

/** ITU-R BT.601 luma of a pixel, in [0, 1]. */
const luma = (data, i) => (0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]) / 255;

const flat = (data, i, ground) => {
  const alpha = data[4 * i + 3] / 255;
  return luma(data, i) * alpha + ground * (1 - alpha);
};

/** What a transparent picture lies on: white, or black under light ink (as core/data/pixels.py has it); seen: whether anything shows through. */
export function under(data) {
  let light = 0, dark = 0, seen = false;
  for (let i = 0; i < data.length / 4; i++) {
    seen ||= data[4 * i + 3] < 255;
    if (luma(data, i) >= 0.5) light += data[4 * i + 3];
    else dark += data[4 * i + 3];
  }
  return { ground: seen && light > dark ? 0 : 1, seen };
}

const ascii = (bytes, at, length) => String.fromCharCode(...bytes.subarray(at, at + length));

/** Whether a GIF, PNG or WebP has more than one frame. */
export function animated(bytes) {
  if (ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 8) === "WEBPVP8X") return Boolean(bytes[20] & 2);
  if (ascii(bytes, 1, 3) === "PNG") {
    for (let at = 8; at + 8 <= bytes.length; at += 12 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)) {
      const chunk = ascii(bytes, at + 4, 4);
      if (chunk === "acTL" || chunk === "IDAT") return chunk === "acTL";
    }
  }
  return ascii(bytes, 0, 4) === "GIF8" && frames(bytes) > 1;
}

/** Frames of a GIF, at most two are counted. */
function frames(bytes) {
  const table = (flags) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + table(bytes[10]), count = 0;
  const skip = () => {
    while (bytes[at]) at += bytes[at] + 1;
    at += 1;
  };
  while (at < bytes.length && count < 2) {
    if (bytes[at] === 0x21) at += 2; // an extension
    else if (bytes[at] === 0x2c) at += 11 + table(bytes[at + 9]), count++; // a frame, and the width of its codes
    else break;
    skip();
  }
  return count;
}
