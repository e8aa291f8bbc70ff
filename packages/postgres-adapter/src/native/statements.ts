import type { Statement } from "../database/contract.js";
import type { Names } from "../names.js";
import { VERSION } from "./notification.js";

/** Everything that is said to the database while the adapter runs. What changes is in parameters, never in the text. */
export interface Statements {
  readonly publish: Statement;
  readonly publishOne: Statement;
  /** The same where nobody needs to be told its transaction. A result costs the client as much as the rest of the answer. */
  readonly publishOneHeard: Statement;
  readonly fetch: Statement;
  readonly state: Statement;
  readonly beginLife: Statement;
  readonly replaySame: Statement;
  readonly replayLater: Statement;
  readonly clean: Statement;
}

/** Larger messages are not read with the others, but one by one. */
const READ_AT_ONCE = 64 * 1024;

const REPLAYED = `\
message.life::text, message.xid::text, message.n, message.channel, octet_length(message.payload) AS size,
  CASE WHEN octet_length(message.payload) <= ${READ_AT_ONCE} THEN message.payload END AS payload`;

export function statementsFor(names: Names): Statements {
  const { messages, life, state } = names;
  return {
    publish: { name: "sockeye_publish", text: publishText(names) },
    publishOne: { name: "sockeye_publish_one", text: `${publishOneText(names)} RETURNING xid::text` },
    publishOneHeard: { name: "sockeye_publish_one_heard", text: publishOneText(names) },
    // Messages ($2, $3) of life $1.
    fetch: {
      name: "sockeye_fetch",
      text: `\
SELECT xid::text, n::text, payload FROM ${messages}
WHERE life = $1::bigint AND (xid, n) IN (SELECT * FROM unnest($2::text::bigint[], $3::text::int[]))`,
    },
    state: {
      name: "sockeye_state",
      text: `\
SELECT life.life::text, pg_snapshot_xmin(pg_current_snapshot())::text AS xmin,
  state.cleaned_life::text, state.cleaned_xid::text,
  (SELECT relpersistence = 'u' FROM pg_class WHERE oid = ${literal(messages)}::regclass) AS is_emptied
FROM ${life} AS life LEFT JOIN ${state} AS state ON true`,
    },
    beginLife: {
      name: "sockeye_begin_life",
      text: `\
INSERT INTO ${life} (life) VALUES ((extract(epoch FROM clock_timestamp()) * 1000)::bigint) ON CONFLICT DO NOTHING`,
    },
    // Of life $5, after ($6, $7), by others than $3, on channels $1 since the snapshots $2; at most $4.
    replaySame: {
      name: "sockeye_replay_same",
      text: `\
SELECT ${REPLAYED}
FROM ${messages} AS message
JOIN unnest($1::text::text[], $2::text::text[]) AS wanted (channel, since) USING (channel)
WHERE message.life = $5::bigint AND (message.xid, message.n) > ($6::bigint, $7::int) AND message.sender <> $3::text
  AND NOT pg_visible_in_snapshot(message.xid::text::xid8, wanted.since::pg_snapshot)
ORDER BY message.xid, message.n LIMIT $4::int`,
    },
    // After ($4, $5, $6), by others than $2, on channels $1; at most $3.
    replayLater: {
      name: "sockeye_replay_later",
      text: `\
SELECT ${REPLAYED}
FROM ${messages} AS message
WHERE (message.life, message.xid, message.n) > ($4::bigint, $5::bigint, $6::int) AND message.sender <> $2::text
  AND message.channel = ANY ($1::text::text[])
ORDER BY message.life, message.xid, message.n LIMIT $3::int`,
    },
    clean: { name: "sockeye_clean", text: cleanText(names) },
  };
}

/** Parameters: `Batch.values()`. All in one transaction, so that rows and notifications come into being together. */
function publishText({ life, messages }: Names): string {
  return `\
WITH me AS MATERIALIZED (
  SELECT coalesce((SELECT life FROM ${life}), 0) AS life, pg_current_xact_id()::text::bigint AS xid,
    pg_snapshot_xmin(pg_current_snapshot())::text AS xmin
), before AS MATERIALIZED (
  SELECT coalesce(max(n), 0) AS base FROM ${messages}
  WHERE life = (SELECT life FROM me) AND xid = (SELECT xid FROM me)
), kept AS (
  INSERT INTO ${messages} (life, xid, n, sender, channel, payload)
  SELECT me.life, me.xid, before.base + item.n, split_part($6::text, ';', 2), item.channel,
    CASE WHEN item.length >= 0 THEN substring($1::bytea FROM item.start FOR item.length) END
  FROM me, before, unnest($2::text::text[], $3::text::int[], $4::text::int[], $5::text::int[]) AS item (channel, n, start, length)
)
SELECT max(me.xid)::text AS xid, count(pg_notify(note.channel, concat($6::text, me.xid, ';', me.xmin, ';', before.base, ';', note.body)))
FROM me, before, (
  SELECT * FROM unnest($7::text::text[], $8::text::text[]) WITH ORDINALITY AS note (channel, body, nth) ORDER BY nth
) AS note`;
}

/**
 * The same for one message, in a transaction of its own: {@link OneValues}. A plan of a few steps, where that for many has twenty
 * to set up and take down, and the bytes travel once.
 */
function publishOneText({ life, messages }: Names): string {
  return `\
INSERT INTO ${messages} (life, xid, n, sender, channel, payload)
SELECT coalesce((SELECT life FROM ${life}), 0), pg_current_xact_id()::text::bigint, 1, $1::text, $2::text, decode($3::text, 'base64')
FROM pg_notify($2::text, concat('${VERSION};', $1::text, ';', pg_current_xact_id(), ';',
  pg_snapshot_xmin(pg_current_snapshot()), ';0;1;;', $3::text))`;
}

/**
 * Removes at most $3 messages from before transaction $2 of life $1, and notes the latest of them. Nodes that try it at the
 * same time leave it to one.
 */
function cleanText({ base, messages, state }: Names): string {
  return `\
WITH allowed AS MATERIALIZED (
  SELECT pg_try_advisory_xact_lock(hashtext('sockeye clean'), hashtext(${literal(base)})) AS ok
), old AS MATERIALIZED (
  SELECT life, xid, n FROM ${messages}
  WHERE (life, xid) < ($1::bigint, $2::bigint) AND (SELECT ok FROM allowed)
  ORDER BY life, xid, n LIMIT $3::int
), gone AS (
  DELETE FROM ${messages} AS message USING old
  WHERE message.life = old.life AND message.xid = old.xid AND message.n = old.n RETURNING message.life, message.xid
), latest AS (
  SELECT life, xid FROM gone ORDER BY life DESC, xid DESC LIMIT 1
), noted AS (
  INSERT INTO ${state} AS state (cleaned_life, cleaned_xid) SELECT life, xid FROM latest
  ON CONFLICT (one) DO UPDATE SET cleaned_life = excluded.cleaned_life, cleaned_xid = excluded.cleaned_xid
  WHERE (state.cleaned_life, state.cleaned_xid) < (excluded.cleaned_life, excluded.cleaned_xid)
)
SELECT ok, (SELECT count(*) FROM gone)::int AS removed FROM allowed`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
