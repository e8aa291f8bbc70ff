import { adapterCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// The incumbent's in-memory adapter under our server, ours under theirs. Those with a backend: see compat/.
testCells(adapterCells());
