import type { Row, Value } from "../contract.js";
import type { Statement } from "../database/contract.js";
import { quoted } from "../names.js";

/** What the incumbent's servers and emitters keep what does not fit into a notification in. */
export interface AttachmentStatements {
  readonly create: string;
  /** Rows for some of the notifications, then all of them, in order. */
  readonly publish: Statement;
  readonly fetch: Statement;
  readonly clean: Statement;
}

/** Notifications without rows: they need no table. */
export const NOTIFY_ALL: Statement = {
  name: "sockeye_wire_notify",
  text: `\
SELECT count(pg_notify(note.channel, note.payload)) FROM (
  SELECT * FROM unnest($1::text::text[], $2::text::text[]) WITH ORDINALITY AS note (channel, payload, nth) ORDER BY nth
) AS note`,
};

/** @param table as it was given to the incumbent's adapter, which does not quote it */
export function attachmentStatementsFor(table: string): AttachmentStatements {
  const name = table.split(".").map(folded).map(quoted).join(".");
  const sequence = `pg_get_serial_sequence('${name.replaceAll("'", "''")}', 'id')`;
  return {
    create: `\
CREATE TABLE IF NOT EXISTS ${name} (
  id bigserial UNIQUE, created_at timestamptz DEFAULT now(), payload bytea
);
`,
    publish: {
      name: "sockeye_wire_publish",
      text: `\
WITH item AS MATERIALIZED (
  SELECT n, channel, head, tail, start, length, CASE WHEN length >= 0 THEN nextval(${sequence}) END AS id
  FROM unnest($2::text::text[], $3::text::text[], $4::text::text[], $5::text::int[], $6::text::int[])
    WITH ORDINALITY AS item (channel, head, tail, start, length, n)
), kept AS (
  INSERT INTO ${name} (id, payload) SELECT id, substring($1::bytea FROM start FOR length) FROM item WHERE id IS NOT NULL
)
SELECT count(pg_notify(note.channel, concat(note.head, note.id, note.tail)))
FROM (SELECT * FROM item ORDER BY n) AS note`,
    },
    fetch: {
      name: "sockeye_wire_fetch",
      text: `SELECT id::text, payload FROM ${name} WHERE id = ANY ($1::text::bigint[])`,
    },
    // Older than $1 milliseconds. Nodes that try it at the same time leave it to one.
    clean: {
      name: "sockeye_wire_clean",
      text: `\
WITH gone AS (
  DELETE FROM ${name} WHERE created_at < now() - $1::float * interval '1 ms'
    AND pg_try_advisory_xact_lock(hashtext('sockeye wire clean'), hashtext('${name.replaceAll("'", "''")}'))
  RETURNING id
)
SELECT EXISTS (SELECT FROM ${name} WHERE id NOT IN (SELECT id FROM gone)) AS remains`,
    },
  };
}

/** A name that is not quoted means its lower case. */
function folded(part: string): string {
  return /^[A-Za-z_][\w$]*$/.test(part) ? part.toLowerCase() : part;
}

export type Ask = (statement: Statement, values: readonly Value[]) => Promise<readonly Row[]>;

/** Rows by their ids. */
export async function fetchAttachments(
  ask: Ask,
  { fetch }: AttachmentStatements,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const rows = await ask(fetch, [`{${ids.join()}}`]);
  return new Map(rows.map(({ id, payload }) => [String(id), payload as Uint8Array]));
}
