/**
 * Delays that no option sets, milliseconds. This file imports nothing: only of such files the build for browsers writes numbers in
 * place of their names.
 */

/** Head start of WebTransport over WebSocket. */
export const HEAD_START = 200;

/** The time that a farewell request may take where no limit was set. */
export const FAREWELL = 10_000;
