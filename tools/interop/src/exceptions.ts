import type { Cell } from "./cell.js";
import type { DeclaredException } from "./scenario.js";

/**
 * Cells that do not do what the row says, each with its reason. They are run all the same: when one passes, its
 * declaration is out of date and the run fails.
 */
export const exceptions: readonly DeclaredException[] = [
  {
    scenario: "binary: a view of a part of a buffer sends that part",
    applies: usesOfficialMsgpack,
    reason: "socket.io-msgpack-parser writes the whole buffer behind a view, not the part that the view shows",
  },
  {
    scenario: "a broadcast's acknowledgements are complete when the silent ones have left",
    applies: (cell) => cell.adapter === "official",
    reason: "the incumbent's adapter is not told who has left; the deadline settles such a broadcast",
  },
  {
    scenario: "recovery: a client that heard nothing yet is recovered too",
    applies: (cell) => cell.adapter === "official",
    reason: "the incumbent's adapter gives a position with events only, not at the start",
  },
  {
    scenario: "recovery: handlers get no argument that the application did not send",
    applies: (cell) => cell.adapter === "official",
    reason: "the incumbent's adapter appends positions that cannot be told from an argument",
  },
];

function usesOfficialMsgpack({ codec, client, server }: Cell): boolean {
  if (codec === "msgpack exchanged") return client === "sockeye" || server === "sockeye";
  return codec === "msgpack" && (client === "official" || server === "official");
}
