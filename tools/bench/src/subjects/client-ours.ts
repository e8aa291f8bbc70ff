import { io } from "@sockeye/client";
import { type Connect, serveClients } from "./client-application.js";

serveClients(io as Connect);
