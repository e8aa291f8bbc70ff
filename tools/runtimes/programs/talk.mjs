import { io } from "@sockeye/client";
import { io as msgpack } from "@sockeye/client/msgpack";
import { io as websocket } from "@sockeye/client/websocket";
import conversation from "./conversation.cjs";

await conversation.talk({ io, websocket, msgpack });
