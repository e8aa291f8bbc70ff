import { pairCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// The incumbent's client with our server.
testCells(pairCells("official", "sockeye"));
