export { MemoryEngine, MemoryPeer, MemorySocket } from "./memory-engine.js";
