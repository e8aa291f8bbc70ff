import type { Statement } from "../database/contract.js";
import type { Names } from "../names.js";

/** What the recovery store says to the database. Times of sessions are the database's. */
export interface RecoveryStatements {
  readonly open: Statement;
  readonly head: Statement;
  readonly append: Statement;
  readonly read: Statement;
  readonly fetch: Statement;
  readonly latest: Statement;
  readonly save: Statement;
  readonly touch: Statement;
  readonly appendPrivate: Statement;
  readonly take: Statement;
  readonly owner: Statement;
  readonly events: Statement;
  readonly remove: Statement;
  readonly trim: Statement;
  readonly expire: Statement;
}

export function recoveryStatementsFor(names: Names): RecoveryStatements {
  const { logs, entries, sessions, events } = names;
  return {
    open: {
      name: "sockeye_log_open",
      text: `INSERT INTO ${logs} (log, epoch, head) VALUES ($1::text::uuid, $2::text, 0) ON CONFLICT DO NOTHING`,
    },
    head: {
      name: "sockeye_log_head",
      text: `SELECT epoch, head::text FROM ${logs} WHERE log = $1::text::uuid`,
    },
    append: { name: "sockeye_log_append", text: appendText(names) },
    // Where the log $1 is, and at most $3 entries after $2: of one moment.
    read: {
      name: "sockeye_log_read",
      text: `\
SELECT log.epoch, log.first::text, entry.number::text, entry.payload
FROM ${logs} AS log LEFT JOIN LATERAL (
  SELECT e.number, e.payload FROM ${entries} AS e WHERE e.log = log.log AND e.number > $2::bigint ORDER BY e.number LIMIT $3::bigint
) AS entry ON true
WHERE log.log = $1::text::uuid ORDER BY entry.number`,
    },
    fetch: {
      name: "sockeye_log_fetch",
      text: `\
SELECT log::text, number::text, payload FROM ${entries}
WHERE (log, number) IN (SELECT * FROM unnest($1::text::uuid[], $2::text::bigint[]))`,
    },
    // The last entries of logs.
    latest: {
      name: "sockeye_log_latest",
      text: `\
SELECT log.log::text, log.epoch, entry.number::text, entry.payload
FROM ${logs} AS log JOIN ${entries} AS entry ON entry.log = log.log AND entry.number = log.head
WHERE log.log = ANY ($1::text::uuid[])`,
    },
    save: { name: "sockeye_session_save", text: saveText(names) },
    touch: {
      name: "sockeye_session_touch",
      text: `\
UPDATE ${sessions} AS kept SET seen = clock_timestamp(), expires = clock_timestamp() + given.lifetime * interval '1 ms'
FROM unnest($1::text::uuid[], $2::text::bigint[], $3::text::float[]) AS given (session, incarnation, lifetime)
WHERE kept.session = given.session AND kept.incarnation = given.incarnation AND kept.expires > clock_timestamp()`,
    },
    appendPrivate: { name: "sockeye_session_events", text: appendPrivateText(names) },
    // Session $1 becomes $2's, if it is nobody's or $3's.
    take: {
      name: "sockeye_session_take",
      text: `\
UPDATE ${sessions} SET owner = $2::text, incarnation = incarnation + 1
WHERE session = $1::text::uuid AND expires > clock_timestamp() AND (owner IS NULL OR owner = $3::text)
RETURNING incarnation::text, record, (extract(epoch FROM clock_timestamp() - seen) * 1000)::float AS idle`,
    },
    owner: {
      name: "sockeye_session_owner",
      text: `SELECT owner FROM ${sessions} WHERE session = $1::text::uuid AND expires > clock_timestamp()`,
    },
    events: {
      name: "sockeye_session_read",
      text: `SELECT number::text, payload FROM ${events} AS event WHERE session = $1::text::uuid ORDER BY event.number`,
    },
    remove: {
      name: "sockeye_session_remove",
      text: `\
WITH gone AS (
  DELETE FROM ${sessions} AS kept USING unnest($1::text::uuid[], $2::text::bigint[]) AS given (session, incarnation)
  WHERE kept.session = given.session AND kept.incarnation <= given.incarnation RETURNING kept.session
)
DELETE FROM ${events} WHERE session IN (SELECT session FROM gone)`,
    },
    // Entries of logs $1 that are older than $2 milliseconds each.
    trim: {
      name: "sockeye_log_trim",
      text: `\
WITH given AS (
  SELECT log.log, coalesce((
    SELECT entry.number FROM ${entries} AS entry
    WHERE entry.log = log.log AND entry.at >= clock_timestamp() - limits.age * interval '1 ms' ORDER BY entry.number LIMIT 1
  ), log.head + 1) AS first
  FROM unnest($1::text::uuid[], $2::text::float[]) AS limits (log, age) JOIN ${logs} AS log ON log.log = limits.log
), moved AS (
  UPDATE ${logs} AS log SET first = given.first FROM given WHERE log.log = given.log AND log.first < given.first
  RETURNING log.log, log.first
)
DELETE FROM ${entries} AS entry USING moved WHERE entry.log = moved.log AND entry.number < moved.first`,
    },
    // Whether there is anything left that could expire.
    expire: {
      name: "sockeye_session_expire",
      text: `\
WITH gone AS (
  DELETE FROM ${sessions} AS kept USING ${logs} AS log WHERE kept.log = log.log AND kept.expires < clock_timestamp()
  RETURNING kept.session
), theirs AS (
  DELETE FROM ${events} WHERE session IN (SELECT session FROM gone)
)
SELECT EXISTS (SELECT FROM ${sessions} WHERE session NOT IN (SELECT session FROM gone)) OR EXISTS (SELECT FROM ${entries}) AS remains`,
    },
  };
}

/**
 * $4 envelopes for the log $2: logged if one of this node may ask for them ($5), or there is any session of the namespace; else they
 * are messages as any other. The row of the log is locked until the end of the statement, so numbers come into view in their
 * order. A log that is gone begins again, as epoch $3.
 */
function appendText({ life, messages, logs, entries, sessions }: Names): string {
  return `\
WITH me AS MATERIALIZED (
  SELECT coalesce((SELECT life FROM ${life}), 0) AS life, pg_current_xact_id()::text::bigint AS xid,
    pg_snapshot_xmin(pg_current_snapshot())::text AS xmin
), place AS (
  INSERT INTO ${logs} AS log (log, epoch, head)
  SELECT $2::text::uuid, $3::text, $4::bigint
  WHERE $5::boolean OR EXISTS (SELECT FROM ${sessions} WHERE log = $2::text::uuid AND expires > clock_timestamp())
  ON CONFLICT (log) DO UPDATE SET head = log.head + $4::bigint, first = CASE
    WHEN log.head + $4::bigint - log.first >= $12::bigint + $13::bigint THEN log.head + $4::bigint - $12::bigint + 1
    ELSE log.first END
  RETURNING log.epoch, log.head - $4::bigint AS before, log.first
), item AS (
  SELECT n, substring($1::bytea FROM start FOR length) AS payload
  FROM unnest($6::text::int[], $7::text::int[]) WITH ORDINALITY AS item (start, length, n)
), logged AS (
  INSERT INTO ${entries} (log, number, at, payload)
  SELECT $2::text::uuid, place.before + item.n, clock_timestamp(), item.payload
  FROM place, item WHERE place.before + item.n >= place.first
), kept AS (
  INSERT INTO ${messages} (life, xid, n, sender, channel, payload)
  SELECT me.life, me.xid, item.n, split_part($8::text, ';', 2), $9::text, item.payload
  FROM me, item WHERE NOT EXISTS (SELECT FROM place)
), trimmed AS (
  DELETE FROM ${entries} AS entry USING place
  WHERE entry.log = $2::text::uuid AND entry.number < place.first
    AND place.first > (SELECT first FROM ${logs} WHERE log = $2::text::uuid)
)
SELECT max(me.xid)::text AS xid, max(place.epoch) AS epoch, max(place.before)::text AS before,
  count(pg_notify($9::text, concat($8::text, me.xid, ';', me.xmin, ';0;', note."offset", ';',
    place.epoch || '.' || (place.before + note."offset"), ';', note.items)))
FROM me LEFT JOIN place ON true, (
  SELECT * FROM unnest($10::text::int[], $11::text::text[]) WITH ORDINALITY AS note ("offset", items, nth) ORDER BY nth
) AS note`;
}

/** Records; what is kept of a lower incarnation, or is over, loses its events. */
function saveText({ sessions, events }: Names): string {
  return `\
WITH given AS MATERIALIZED (
  SELECT session, incarnation, owner, lifetime * interval '1 ms' AS lifetime, substring($1::bytea FROM start FOR length) AS record
  FROM unnest($3::text::uuid[], $4::text::bigint[], $5::text::text[], $6::text::float[], $7::text::int[], $8::text::int[])
    AS given (session, incarnation, owner, lifetime, start, length)
), anew AS MATERIALIZED (
  SELECT given.session FROM given LEFT JOIN ${sessions} AS kept USING (session)
  WHERE kept.session IS NULL OR kept.incarnation < given.incarnation OR kept.expires <= clock_timestamp()
), forgotten AS (
  DELETE FROM ${events} WHERE session IN (SELECT session FROM anew)
)
INSERT INTO ${sessions} AS kept (session, log, incarnation, owner, seen, expires, record)
SELECT session, $2::text::uuid, incarnation, owner, clock_timestamp(), clock_timestamp() + lifetime, record
FROM given ORDER BY session
ON CONFLICT (session) DO UPDATE SET incarnation = excluded.incarnation, owner = excluded.owner, seen = excluded.seen,
  expires = excluded.expires, record = excluded.record, events = CASE
    WHEN kept.incarnation < excluded.incarnation OR kept.expires <= clock_timestamp() THEN 0 ELSE kept.events END
WHERE kept.incarnation <= excluded.incarnation OR kept.expires <= clock_timestamp()`;
}

/** Events for private logs; one that has twice as many as it may ($7) is cut down to what it may, so that not each call cuts. */
function appendPrivateText({ sessions, events }: Names): string {
  return `\
WITH given AS MATERIALIZED (
  SELECT session, incarnation, number, substring($1::bytea FROM start FOR length) AS payload
  FROM unnest($2::text::uuid[], $3::text::bigint[], $4::text::bigint[], $5::text::int[], $6::text::int[])
    AS given (session, incarnation, number, start, length)
), counted AS MATERIALIZED (
  SELECT given.session, given.incarnation, count(*)::int AS more, max(kept.events) AS before
  FROM given JOIN ${sessions} AS kept USING (session, incarnation) WHERE kept.expires > clock_timestamp()
  GROUP BY given.session, given.incarnation ORDER BY given.session
), theirs AS (
  UPDATE ${sessions} AS kept SET events = counted.more + CASE
    WHEN counted.before + counted.more > 2 * $7::int THEN least(kept.events, $7::int) ELSE kept.events END
  FROM counted WHERE kept.session = counted.session AND kept.incarnation = counted.incarnation
  RETURNING kept.session, kept.incarnation, counted.before + counted.more > 2 * $7::int AS is_cut
), cut AS (
  DELETE FROM ${events} AS event USING theirs
  WHERE theirs.is_cut AND event.session = theirs.session AND event.number <= (
    SELECT number FROM ${events} AS kept WHERE kept.session = theirs.session ORDER BY number DESC OFFSET $7::int LIMIT 1
  )
)
INSERT INTO ${events} (session, number, payload)
SELECT given.session, given.number, given.payload FROM given JOIN theirs USING (session, incarnation)
ON CONFLICT DO NOTHING`;
}
