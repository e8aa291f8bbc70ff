import { pairCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// Our client with our server.
testCells(pairCells("sockeye", "sockeye"));
