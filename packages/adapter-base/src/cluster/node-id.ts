/** 16 hexadecimal digits, new for each process start. */
export type NodeId = string;
