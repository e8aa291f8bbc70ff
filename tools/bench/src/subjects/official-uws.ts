import { Server } from "socket.io";
import * as msgpack from "socket.io-msgpack-parser";
import { serve } from "./application.js";
import { settings } from "./settings.js";
import { listen, uws } from "./uws.js";

const parser = settings().broadcast?.kind === "msgpack" ? { parser: msgpack } : {};
const app = uws.App();
const io = new Server({ serveClient: false, ...parser });
io.attachApp(app);
serve(io, await listen(app));
