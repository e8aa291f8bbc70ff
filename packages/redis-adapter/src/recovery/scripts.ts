import { createHash } from "node:crypto";

/** A script that Redis runs as one step. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

function script(source: string): Script {
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}

/** Milliseconds since 1970, by the clock of Redis. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function int(number) return string.format('%.0f', number) end
`;

/** The hash of a namespace lives this long after its last use; with it goes the epoch. */
const META_LIFETIME = 24 * 60 * 60 * 1000;

/** Bytes of one shared log and of one private log; beyond them the oldest goes. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_PRIVATE_BYTES = 1024 * 1024;

/** How envelopes reach the nodes, from within the script. KEYS[4] or ARGV[6] is where. */
const PUBLISH = {
  channel: "redis.call('PUBLISH', ARGV[6], frame)",
  sharded: "redis.call('SPUBLISH', KEYS[4], frame)",
  stream: "redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[7], '*', 'c', ARGV[6], 'f', frame)",
} as const;

export type Publication = keyof typeof PUBLISH;

/**
 * Where a log is: `[epoch, number]`. KEYS: meta, log. ARGV: an epoch, if there is none.
 *
 * The hash `meta` has the epoch, the last number given, and the bytes ever appended (`bytes`) and dropped (`gone`). The stream
 * `log` has one entry per number, with the id `number-time`. The two may be lost one without the other: a log
 * without its epoch is dropped, and what an epoch lacks in its log is trimmed.
 */
export const OPEN = script(`
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  epoch = ARGV[1]
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch)
end
redis.call('PEXPIRE', KEYS[1], ${META_LIFETIME})
return { epoch, redis.call('HGET', KEYS[1], 'last') or '0' }
`);

/**
 * Appends an envelope and publishes it: `[epoch, number]`, or nothing when it was published only. KEYS: meta, log, sessions,
 * and the channel or stream to publish on. ARGV: an epoch, if there is none; `1`: to be logged in any case; the age and the
 * number of entries kept; the envelope; where to publish.
 *
 * Numbers have no holes, so an entry is found by its number, and what is older than a time, or beyond a size, by bisection.
 */
function appendScript(publication: Publication): Script {
  return script(`${NOW}
local function publish(frame) ${PUBLISH[publication]} end
if ARGV[2] ~= '1' then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', int(now))
  if redis.call('ZCARD', KEYS[3]) == 0 then
    publish('E' .. struct.pack('>I4', #ARGV[5]) .. ARGV[5])
    return false
  end
end
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  epoch = ARGV[1]
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch)
end
local number = redis.call('HINCRBY', KEYS[1], 'last', 1)
local bytes = redis.call('HINCRBY', KEYS[1], 'bytes', #ARGV[5])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], int(number) .. '-' .. int(now), 'b', int(bytes), 'e', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ${META_LIFETIME})
redis.call('PEXPIRE', KEYS[2], int(ARGV[3] + 1000))
publish('L' .. epoch .. '.' .. int(number) .. '\\n' .. ARGV[5])

local checked, gone = unpack(redis.call('HMGET', KEYS[1], 'checked', 'gone'))
local aged = now - (tonumber(checked) or 0) > ARGV[3] / 8
local heavy = bytes - (tonumber(gone) or 0) > ${MAX_BYTES}
if not aged and not heavy then return { epoch, int(number) } end

local function entry(from)
  local found = redis.call('XRANGE', KEYS[2], int(from), '+', 'COUNT', 1)[1]
  local n, time = string.match(found[1], '(%d+)-(%d+)')
  return tonumber(n), tonumber(time), tonumber(found[2][2])
end
local low, high = entry(0), number
local tolerated = heavy and bytes - ${MAX_BYTES * 0.75} or 0
while low < high do
  local middle = math.floor((low + high) / 2)
  local _, time, size = entry(middle)
  if time < now - ARGV[3] or size < tolerated then low = middle + 1 else high = middle end
end
redis.call('XTRIM', KEYS[2], 'MAXLEN', int(number - low + 1))
local _, _, upToFirst = entry(low)
redis.call('HSET', KEYS[1], 'checked', int(now), 'gone', int(upToFirst))
return { epoch, int(number) }
`);
}

export const APPEND: Readonly<Record<Publication, Script>> = {
  channel: appendScript("channel"),
  sharded: appendScript("sharded"),
  stream: appendScript("stream"),
};

/**
 * The envelopes after a place, or `trimmed`. KEYS: meta, log. ARGV: epoch and number of the place, how many at most. The first
 * element of the reply is the last number there is.
 */
export const READ = script(`
local epoch, last = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'last'))
last = tonumber(last) or 0
local after = tonumber(ARGV[2])
if epoch ~= ARGV[1] or after > last then return 'trimmed' end
local reply = { string.format('%.0f', last) }
if after == last then return reply end
local from = string.format('%.0f', after + 1)
local entries = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', ARGV[3])
if not entries[1] or string.match(entries[1][1], '%d+') ~= from then return 'trimmed' end
for i, entry in ipairs(entries) do reply[i + 1] = entry[2][4] end
return reply
`);

/**
 * Writes records. KEYS: meta, sessions, then per record its session and its private log. ARGV: lifetime, then per record pid,
 * incarnation, owner (empty: none), bytes.
 */
export const SAVE = script(`${NOW}
local lifetime = ARGV[1]
for i = 1, (#KEYS - 2) / 2 do
  local session, private = KEYS[2 * i + 1], KEYS[2 * i + 2]
  local pid, incarnation, owner, bytes = ARGV[4 * i - 2], ARGV[4 * i - 1], ARGV[4 * i], ARGV[4 * i + 1]
  local kept = tonumber(redis.call('HGET', session, 'incarnation'))
  if not kept or kept <= tonumber(incarnation) then
    if kept and kept < tonumber(incarnation) then redis.call('DEL', session, private) end
    redis.call('HSET', session, 'incarnation', incarnation, 'owner', owner, 'bytes', bytes, 'seen', int(now))
    redis.call('PEXPIRE', session, lifetime)
    redis.call('PEXPIRE', private, lifetime)
    redis.call('ZADD', KEYS[2], int(now + lifetime), pid)
  end
end
if redis.call('PTTL', KEYS[2]) < tonumber(lifetime) then redis.call('PEXPIRE', KEYS[2], lifetime) end
redis.call('PEXPIRE', KEYS[1], ${META_LIFETIME})
`);

/** Lets records live on. KEYS as for SAVE. ARGV: lifetime, then per session pid, incarnation. */
export const TOUCH = script(`${NOW}
local lifetime = ARGV[1]
for i = 1, (#KEYS - 2) / 2 do
  local session, private = KEYS[2 * i + 1], KEYS[2 * i + 2]
  if redis.call('HGET', session, 'incarnation') == ARGV[2 * i + 1] then
    redis.call('HSET', session, 'seen', int(now))
    redis.call('PEXPIRE', session, lifetime)
    redis.call('PEXPIRE', private, lifetime)
    redis.call('ZADD', KEYS[2], int(now + lifetime), ARGV[2 * i])
  end
end
if redis.call('PTTL', KEYS[2]) < tonumber(lifetime) then redis.call('PEXPIRE', KEYS[2], lifetime) end
redis.call('PEXPIRE', KEYS[1], ${META_LIFETIME})
`);

/**
 * Appends to private logs. KEYS: per event its session and its private log. ARGV: how many events one keeps, then per event
 * incarnation, number, bytes.
 */
export const APPEND_PRIVATE = script(`
local most = tonumber(ARGV[1])
for i = 1, #KEYS / 2 do
  local session, private = KEYS[2 * i - 1], KEYS[2 * i]
  if redis.call('HGET', session, 'incarnation') == ARGV[3 * i - 1] then
    local event = ARGV[3 * i] .. ':' .. ARGV[3 * i + 1]
    local count = redis.call('RPUSH', private, event)
    local size = redis.call('HINCRBY', session, 'size', #event)
    while count > most or size > ${MAX_PRIVATE_BYTES} do
      count = count - 1
      size = redis.call('HINCRBY', session, 'size', -#redis.call('LPOP', private))
    end
    redis.call('PEXPIRE', private, redis.call('PTTL', session))
  end
end
`);

/**
 * Makes a session the next incarnation of itself: `[incarnation, milliseconds since it was seen, bytes, events]`; `[owner]` when
 * it has one already who is not the one it is taken from; or nothing. KEYS: session, private log. ARGV: the new owner, and the
 * old one or nothing.
 */
export const TAKE = script(`${NOW}
local owner, seen, bytes = unpack(redis.call('HMGET', KEYS[1], 'owner', 'seen', 'bytes'))
if not owner then return false end
if owner ~= '' and owner ~= ARGV[2] then return { owner } end
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
local incarnation = redis.call('HINCRBY', KEYS[1], 'incarnation', 1)
return { int(incarnation), int(math.max(0, now - seen)), bytes, redis.call('LRANGE', KEYS[2], 0, -1) }
`);

/** Removes sessions. KEYS: sessions, then per session its record and its private log. ARGV: per session pid, incarnation. */
export const REMOVE = script(`
for i = 1, (#KEYS - 1) / 2 do
  local session, private = KEYS[2 * i], KEYS[2 * i + 1]
  local kept = tonumber(redis.call('HGET', session, 'incarnation'))
  if kept and kept <= tonumber(ARGV[2 * i]) then
    redis.call('DEL', session, private)
    redis.call('ZREM', KEYS[1], ARGV[2 * i - 1])
  end
end
`);

const scripts = [OPEN, ...Object.values(APPEND), READ, SAVE, TOUCH, APPEND_PRIVATE, TAKE, REMOVE];

/** Text of the script with a digest: for a Redis that has forgotten it. */
export const SOURCES: ReadonlyMap<string, string> = new Map(scripts.map(({ sha, source }) => [sha, source]));
