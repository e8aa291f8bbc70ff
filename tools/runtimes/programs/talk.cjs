const { io } = require("@sockeye/client");
const msgpack = require("@sockeye/client/msgpack");
const websocket = require("@sockeye/client/websocket");
const conversation = require("./conversation.cjs");

conversation.talk({ io, websocket: websocket.io, msgpack: msgpack.io });
