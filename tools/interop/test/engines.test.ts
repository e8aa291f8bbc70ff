import { allCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// One maker's engine under the other maker's server.
testCells(allCells().filter((cell) => cell.mount !== "attached" && cell.transport !== "memory"));
