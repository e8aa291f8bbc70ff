import { io } from "socket.io-client";
import { type Connect, serveClients } from "./client-application.js";

serveClients(io as Connect);
