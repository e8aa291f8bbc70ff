import { createRequire } from "node:module";
import { Server } from "socket.io";
import { announce, application } from "./application.mjs";

const uws = createRequire(import.meta.url)("uWebSockets.js");
const app = uws.App();
const io = new Server({ serveClient: false });
io.attachApp(app);
application(io);
app.listen("127.0.0.1", 0, (token) => announce(uws.us_socket_local_port(token)));
