import { createServer } from "node:http";
import * as msgpack from "@sockeye/socketio-parser/msgpack";
import { Server } from "@sockeye/socketio-server";
import { serve } from "./application.js";
import { listen } from "./listening.js";
import { settings } from "./settings.js";

const parser = settings().broadcast?.kind === "msgpack" ? { parser: msgpack.parser } : {};
const http = createServer();
const io = new Server(http, { serveClient: false, ...parser });
serve(io, await listen(http));
