import type { AckRounds } from "./ack-rounds.js";
import type { Handlers } from "./dispatch.js";
import type { Reply } from "./envelope.js";
import type { Requests } from "./requests.js";

/** What other nodes answer to this one. */
export function replyHandlers(requests: Requests, rounds: AckRounds): Handlers<Reply> {
  return {
    sockets: ({ origin, request, sockets }) => requests.answer(request, origin, sockets),
    answer: ({ origin, request, args }) => requests.answer(request, origin, args[0]),
    "client-count": ({ origin, request, count }) => rounds.counted(request, origin, count),
    ack: ({ origin, request, args }) => rounds.answered(request, origin, args),
    "handed-over": ({ origin, request }) => requests.answer(request, origin, true),
    gone: ({ origin, request }) => rounds.gone(request, origin),
  };
}
