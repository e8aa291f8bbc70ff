import { engineCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// One maker's engine under the other maker's server.
testCells(engineCells());
