import * as msgpack from "@sockeye/socketio-parser/msgpack";
import { Server } from "@sockeye/socketio-server";
import { serve } from "./application.js";
import { settings } from "./settings.js";
import { listen, uws } from "./uws.js";

const parser = settings().broadcast?.kind === "msgpack" ? { parser: msgpack.parser } : {};
const app = uws.App();
const io = new Server({ serveClient: false, ...parser });
io.attachApp(app as never);
serve(io, await listen(app));
