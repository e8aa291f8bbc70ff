/** Id of a Socket.IO socket, the same for every connection of a resumed session. */
export type SocketId = string;
/** Name of a room. Peers may have chosen it: use it as the key of a `Map`, never of an object. */
export type Room = string;
