import { allCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// Our client with our server.
testCells(
  allCells().filter((cell) => cell.mount === "attached" && cell.client === "sockeye" && cell.server === "sockeye"),
);
