import { pairCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// Official with official: what fails here is wrong in the scenario, not in the project.
testCells(pairCells("official", "official"));
