import { createServer } from "node:http";
import { Server } from "socket.io";
import * as msgpack from "socket.io-msgpack-parser";
import { serve } from "./application.js";
import { listen } from "./listening.js";
import { settings } from "./settings.js";

const parser = settings().broadcast?.kind === "msgpack" ? { parser: msgpack } : {};
const http = createServer();
const io = new Server(http, { serveClient: false, ...parser });
serve(io, await listen(http));
