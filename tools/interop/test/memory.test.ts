import { allCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// A custom engine, in this process only, under our server.
testCells(allCells().filter((cell) => cell.transport === "memory"));
