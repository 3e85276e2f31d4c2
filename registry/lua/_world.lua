-- Shared by every script, put before it when it is loaded: keys, clock, reading, one event.
--
-- KEYS  the fixed list of registry/server.py, all under the region's one hash tag; the last is the
--       record of this command's answer (the only key that expires by itself)
-- ARGV  [1] the command as JSON; `once_ms` in it: keep the answer for so many ms, and `digest`:
--       refuse another command under the same id
-- Times are ms UTC. States are JSON without nulls and empty lists, so that an absent field is nil.
--
-- A script reads with get and claims_on, changes those tables, names them with touch, queues other
-- writes with later, and calls emit. Nothing is written before emit, and emit appends the event
-- first: a server that rejects it (a stale epoch) has changed nothing.

local K = {
  meta = KEYS[1], events = KEYS[2], clock = KEYS[3], team = KEYS[4], van = KEYS[5],
  pool = KEYS[6], slot = KEYS[7], hold = KEYS[8], request = KEYS[9], referral = KEYS[10],
  task = KEYS[11], panic = KEYS[12], closure = KEYS[13], ride = KEYS[14], position = KEYS[15],
  claims = KEYS[16], hold_of = KEYS[17], due = KEYS[18], rows = KEYS[19], leases = KEYS[20],
  plan = KEYS[21], gps_counts = KEYS[22], gps_doubts = KEYS[23], done = KEYS[24],
}
local A = cjson.decode(ARGV[1])

if A.digest == cjson.null then A.digest = nil end
if A.once_ms then
  local kept = redis.call('GET', K.done)
  if kept then
    local digest, answered = string.match(kept, '^#(%x+) (.*)$')
    if digest and A.digest and digest ~= A.digest then
      return '{"error":{"name":"Reused","kind":"command","id":""}}'
    end
    return answered or kept
  end
end

-- The server's own clock; tests shift it ('60000') or stop it ('=1700000000000').
local function read_clock()
  local time = redis.call('TIME')
  local ms = time[1] * 1000 + math.floor(time[2] / 1000)
  local set = redis.call('GET', K.clock)
  if not set then return ms end
  if string.sub(set, 1, 1) == '=' then return tonumber(string.sub(set, 2)) end
  return ms + tonumber(set)
end
local now = read_clock()

-- How an answer leaves: kept for retries of the same command.
local function answer(json)
  if A.once_ms then
    local kept = A.digest and '#' .. A.digest .. ' ' .. json or json
    redis.call('SET', K.done, kept, 'PX', A.once_ms)
  end
  return json
end

-- An error leaves no trace.
local function fail(name, kind, id)
  return cjson.encode({error = {name = name, kind = kind, id = id}})
end

local function list(items)
  return #items == 0 and '[]' or cjson.encode(items)
end

local function sorted_keys(set)
  local keys = {}
  for key in pairs(set) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function copy(state)
  local twin = {}
  for name, value in pairs(state) do twin[name] = value end
  return twin
end

local function compact(state)
  for name, value in pairs(state) do
    if value == cjson.null or (type(value) == 'table' and next(value) == nil) then
      state[name] = nil
    end
  end
  return state
end

-- lon and lat in millionths of a degree, ms, accuracy in m (-1: unknown).
-- Releases before this one wrote no accuracy, and before that degrees as text.
local function read_fix(raw)
  if #raw == 20 then return struct.unpack('<i4i4di4', raw) end
  if #raw == 16 then
    local lon, lat, ms = struct.unpack('<i4i4d', raw)
    return lon, lat, ms, -1
  end
  local lon, lat, ms = string.match(raw, '(%S+) (%S+) (%S+)')
  return math.floor(lon * 1e6 + 0.5), math.floor(lat * 1e6 + 0.5), tonumber(ms), -1
end

local function is_unit(kind) return kind == 'team' or kind == 'van' end

local world, stored, touched, claims, writes = {}, {}, {}, {}, {}

-- A state as a table that may be changed, or false.
local function get(kind, id)
  local key = kind .. ':' .. id
  if world[key] == nil then
    local raw = redis.call('HGET', K[kind], id)
    local state = raw and cjson.decode(raw) or false
    if state and is_unit(kind) then
      local at = redis.call('HGET', K.position, key)
      if at then
        local lon, lat, ms, off_m = read_fix(at)
        state.lon, state.lat, state.position_ms = lon / 1e6, lat / 1e6, ms
        state.accuracy_m = off_m >= 0 and off_m or nil
      end
    end
    world[key] = state
    stored[key] = state and copy(state)
  end
  return world[key]
end

-- Who has a part of a pool or slot: {holds = {id = true}, requests = {id = true}}; for a unit
-- {row = the outbox row that claimed it last}.
local function claims_on(kind, id)
  local key = kind .. ':' .. id
  if not claims[key] then
    local raw = redis.call('HGET', K.claims, key)
    local read = raw and cjson.decode(raw) or {}
    claims[key] = {row = read.row or '', holds = read.holds or {}, requests = read.requests or {}}
  end
  return claims[key]
end

-- This state is part of the event; false for one that is gone.
local function touch(kind, id, state)
  local key = kind .. ':' .. id
  world[key] = state
  for _, seen in ipairs(touched) do
    if seen.key == key then return end
  end
  touched[#touched + 1] = {key = key, kind = kind, id = id}
end

local function later(...) writes[#writes + 1] = {...} end

-- free − deficit + held + reserved + occupied + closed = capacity; a slot's free stays ≥ 0.
local function recount(kind, state)
  if kind == 'pool' then
    local free = state.capacity - state.closed - state.occupied - state.held - state.reserved
    state.free, state.deficit = math.max(0, free), math.max(0, -free)
  elseif kind == 'slot' then
    state.free = math.max(0, state.capacity - state.held - state.booked)
  end
end

local TIMES = {version = true, changed_ms = true, updated_ms = true, confirmed_ms = true}
local PLACE = {lon = true, lat = true, position_ms = true, accuracy_m = true}

-- Lists (crew, offers, takes) change only by put, which always counts as a change.
local function differs(kind, old, new)
  local unit = is_unit(kind)
  local function passing(name, value)
    return TIMES[name] or (unit and PLACE[name]) or type(value) == 'table'
  end
  for name, value in pairs(new) do
    if old[name] ~= value and not passing(name, value) then return true end
  end
  for name, value in pairs(old) do
    if new[name] == nil and not passing(name, value) then return true end
  end
  return false
end

local function add_event(event, touched_json, body_json)
  local meta = redis.call('HMGET', K.meta, 'epoch', 'seq')
  -- A server that has lost everything starts an epoch by itself: its readers must notice.
  local epoch = meta[1] or string.format('%d', math.floor(now / 1000))
  local seq = (tonumber(meta[2]) or -1) + 1
  redis.call('XADD', K.events, epoch .. '-' .. seq,
    'kind', event, 'at', string.format('%d', now), 'touched', touched_json, 'body', body_json)
  redis.call('HSET', K.meta, 'epoch', epoch, 'seq', seq)
  return '[' .. epoch .. ',' .. seq .. ']'
end

local function flush_claims()
  for key, who in pairs(claims) do
    if who.row == '' and next(who.holds) == nil and next(who.requests) == nil then
      redis.call('HDEL', K.claims, key)
    else
      redis.call('HSET', K.claims, key, cjson.encode(who))
    end
  end
  claims = {}
end

-- Append the event and write everything; answers its position as JSON. `extra` is one more
-- touched item, ready made; `always` counts every touched state as changed.
local function emit(event, body_json, extra, always)
  local items = {}
  for _, item in ipairs(touched) do
    local state = world[item.key]
    local raw = 'null'
    if state then
      local old = stored[item.key]
      if always or not old or differs(item.kind, old, state) then
        state.version = (old and old.version or 0) + 1
        state.changed_ms = now
      end
      raw = cjson.encode(state)
      later('HSET', K[item.kind], item.id, raw)
      stored[item.key] = copy(state)
    else
      later('HDEL', K[item.kind], item.id)
      stored[item.key] = false
    end
    items[#items + 1] = '["' .. item.kind .. '",' .. cjson.encode(item.id) .. ',' .. raw .. ']'
  end
  items[#items + 1] = extra
  local position = add_event(event, '[' .. table.concat(items, ',') .. ']', body_json)
  for _, write in ipairs(writes) do redis.call(unpack(write)) end
  flush_claims()
  touched, writes = {}, {}
  return position
end

local HELD_KINDS = {'team', 'van', 'pool', 'slot'}

-- End a hold and give back all that it has; the caller emits. Answers what it was.
local function drop_hold(id)
  local hold = get('hold', id)
  touch('hold', id, false)
  later('HDEL', K.hold_of, hold.request)
  later('ZREM', K.due, 'hold:' .. id)
  for _, kind in ipairs(HELD_KINDS) do
    local resource = hold[kind]
    if resource then
      local state = get(kind, resource)
      if is_unit(kind) then
        state.hold = nil
      else
        claims_on(kind, resource).holds[id] = nil
        state.held = state.held - 1
        recount(kind, state)
      end
      touch(kind, resource, state)
    end
  end
  return hold
end

local function hold_body(hold)
  return cjson.encode({hold = hold.id, request = hold.request})
end
