/** Numbers of one node's broadcasts begin at its index times this. */
export const STRIDE = 10_000_000;
