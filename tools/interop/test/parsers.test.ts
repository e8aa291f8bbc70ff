import { parserCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// The incumbent's parsers as our `parser` option, ours as theirs.
testCells(parserCells());
