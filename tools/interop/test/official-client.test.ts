import { allCells } from "../src/cell.js";
import { testCells } from "./cells.js";

// The incumbent's client with our server.
testCells(
  allCells().filter((cell) => cell.mount === "attached" && cell.client === "official" && cell.server === "sockeye"),
);
