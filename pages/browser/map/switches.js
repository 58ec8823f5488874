// The switches and buttons beside the legend that have a word in the page's address (see look.js), in its order.

import { CloseUp } from "./close_up.js";
import { Presenting } from "./presenting.js";
import { Shaping } from "./shaping.js";
import { Spreading } from "./spreading.js";
import { Training } from "./training.js";

/** Each has `word` and heed(word). What Python tells the map they hear as well: told(data) before anything is drawn of it, offer(data) with
 *  another figure. */
export const switches = (map, room, signal) =>
  [new Spreading(map, signal), new Shaping(map, signal), new CloseUp(map, signal), new Training(map, signal), new Presenting(map, room, signal)];
