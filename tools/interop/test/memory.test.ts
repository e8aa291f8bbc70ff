import { memoryCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// A custom engine, in this process only, under our server.
testCells(memoryCells());
