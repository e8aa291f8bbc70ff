import { appCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// Our server on uWebSockets.js.
testCells(appCells());
