// Why something did not work, for a visitor. What we or the server say is in their words; what a browser throws is in a programmer's.

import { Lost, whenBack } from "./server.js";

export const STRANGE = "something went wrong in this page"; // where nothing was asked for

const BARE = /^(internal server error|bad gateway|service unavailable)?\.?$/i; // a server's words that say nothing

/** The end of a sentence, without its full stop; `strange`: what is said of an error that is not ours. */
export function why(error, strange = "what came from the server could not be used") {
  if (error.constructor !== Error && !(error instanceof Lost)) return strange;
  return BARE.test(error.message) ? "the server could not make it" : error.message.replace(/\.$/, "");
}

/** What to do: nothing where the server is waited for. */
export const toDo = (error, todo) => (error instanceof Lost ? "It comes by itself when the server answers again." : todo);

/** once(), when the server answers again, if that was it. */
export function again(error, once, signal) {
  if (error instanceof Lost) whenBack(once, signal);
  else console.warn(error);
}
