import { createServer } from "node:http";
import { Server } from "socket.io";
import { announce, application } from "./application.mjs";

const http = createServer();
application(new Server(http, { serveClient: false }));
http.listen(0, "127.0.0.1", () => announce(http.address().port));
