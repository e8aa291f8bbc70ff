/** What there is to compare: programs of `subjects/`, or settings of one. */

export const OURS = ["ours-ws", "ours-uws"] as const;
export const OFFICIAL = ["official-ws", "official-uws"] as const;
export const CEILINGS = ["raw-ws", "raw-net", "raw-uws"] as const;

/** All that speak WebSocket. */
export const SERVERS = [...OFFICIAL, ...OURS, ...CEILINGS] as const;

export const MEANING: Readonly<Record<string, string>> = {
  "official-ws": "socket.io on node:http with ws, its default",
  "official-uws": "socket.io on uWebSockets.js",
  "ours-ws": "@sockeye/socketio-server on node:http",
  "ours-uws": "@sockeye/socketio-server on uWebSockets.js",
  "raw-ws": "ceiling: the same frames and JSON on ws, no features",
  "raw-net": "ceiling: on the sockets of node:http, frames made and read by hand, one write a turn",
  "codec-official": "socket.io-parser, socket.io-msgpack-parser, engine.io-parser",
  "codec-ours": "@sockeye/socketio-parser, @sockeye/engine-parser",
  "codec-bare": "ceiling: JSON.stringify and JSON.parse of the same arguments, no packet around them",
  "client-official": "socket.io-client",
  "client-ours": "@sockeye/client",
  "raw-uws": "ceiling: on uWebSockets.js, its own publish",
};
