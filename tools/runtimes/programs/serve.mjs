/** A server, in any runtime: tells its address, and closes when its input ends. */
import { createServer } from "node:http";
import { Server } from "@sockeye/socketio-server";

const http = createServer();
const io = new Server(http);
io.on("connection", (socket) => {
  socket.on("echo", (value, answer) => answer(value));
  socket.on("say", (value) => socket.emit("said", value));
  socket.on("ask me", (question) => {
    socket.emit("question", question, (answer) => socket.emit("answered", answer));
  });
});
http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}`));
process.stdin.on("end", () => io.close());
process.stdin.resume();
