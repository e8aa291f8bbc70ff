import { isOfficialNamespace, OfficialHost } from "./compat/official-host.js";
import { ADAPTER_HOST, type AdapterHost, type AdapterTarget } from "./contract.js";
import { AdapterError } from "./errors.js";

/**
 * The host of the namespace that an adapter was constructed with: of our server, or of the incumbent's.
 *
 * @throws AdapterError `ERR_SOCKEYE_ADAPTER_TARGET`
 */
export function hostOf(target: AdapterTarget): AdapterHost {
  const host = target?.[ADAPTER_HOST];
  if (host !== undefined) return host;
  if (target && isOfficialNamespace(target)) return new OfficialHost(target);
  throw new AdapterError("ERR_SOCKEYE_ADAPTER_TARGET", "this namespace offers no adapter host");
}
