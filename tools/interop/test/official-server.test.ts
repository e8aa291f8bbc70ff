import { pairCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// Our client with the incumbent's server.
testCells(pairCells("sockeye", "official"));
