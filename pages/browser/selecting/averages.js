// What a selection is on average: its classes counted, its images and codes averaged. Plain numbers.

/** How many of the rows are of each class; labels: of every row. */
export function counts(rows, labels, classes) {
  const found = new Uint32Array(classes);
  for (const row of rows) found[labels[row]] += 1;
  return found;
}

/** The mean of some rows of a table of so many columns, row by row in one array; null of no rows. */
export function mean(rows, table, columns) {
  if (!rows.length) return null;
  const sum = new Float64Array(columns);
  for (const row of rows) for (let j = 0, at = row * columns; j < columns; j++) sum[j] += table[at + j];
  return sum.map((v) => v / rows.length);
}

/** The step in z from one group of images to another: the difference of their mean codes, an attribute vector (Larsen et al. 2016,
 *  "Autoencoding beyond pixels using a learned similarity metric"; White 2016, "Sampling generative networks"). */
export const attribute = (from, to) => to.map((v, j) => v - from[j]);

/** z with so much of it: 1 is the whole step, -1 the same backwards. */
export const moved = (z, vector, amount) => Float64Array.from(z, (v, j) => v + amount * vector[j]);
