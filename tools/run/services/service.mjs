/**
 * What the tests ask of the machine beyond Node: each service is taken from its environment variable when that is set,
 * else found, installed or started here, and handed to the tests in that same variable.
 *
 * @typedef {object} Running
 * @property {string} address what the variable is set to
 * @property {string} detail one phrase for people
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Service
 * @property {string} name
 * @property {string} variable
 * @property {string} advice what to do when it cannot be had
 * @property {(address: string) => Promise<boolean>} isAnswering
 * @property {(say: (line: string) => void) => Promise<Running | undefined>} start
 */
import { chromium } from "./chromium.mjs";
import { postgres } from "./postgres.mjs";
import { redis } from "./redis.mjs";

/** @type {readonly Service[]} */
export const services = [redis, postgres, chromium];

/**
 * @param {Service} service
 * @param {(line: string) => void} say
 * @returns {Promise<Running | { problem: string }>}
 */
export async function obtain(service, say) {
  const given = process.env[service.variable];
  if (given !== undefined && given !== "") {
    if (!(await service.isAnswering(given).catch(() => false))) {
      return { problem: `${service.variable} is set, but there is nothing at ${given}` };
    }
    return { address: given, detail: `from ${service.variable}`, close: async () => {} };
  }
  try {
    return (await service.start(say)) ?? { problem: `${service.name} is not to be had: ${service.advice}` };
  } catch (error) {
    return { problem: `${service.name} did not start (${error}): ${service.advice}` };
  }
}
