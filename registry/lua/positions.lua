-- Judge and take a batch of GPS points, by the law of registry/gps.py.
-- ARGV[1]  keys: ["kind:id", ...], one a point; future_ms; source;
--          limits: {west, south, east, north, near_m, fastest_m_s, oldest_ms, inexact_m}
-- ARGV[2]  the points as the event has them: [[kind, id, lon, lat, at_ms, accuracy_m], ...]
-- ARGV[3]  the same, packed: lon and lat in millionths of a degree (i4), at_ms
--          (double), accuracy_m (i4, -1: unknown)
-- Result   one letter a point, as CODES of registry/gps.py has them
-- The event touches nothing: its body carries moved, the points taken, and how many were late.
-- What became of every point is counted by source, in the hash gps_counts.
local keys, fixes, L = A.keys, ARGV[3], A.limits
local EARTH_M, AT_ONCE, FIX, BYTES = 6371009.0, 2000, '<i4i4di4', 20
local abs, max, rad, unpack_fix, sub = math.abs, math.max, math.rad, struct.unpack, string.sub
local MICRO_DEG_M = EARTH_M * math.pi / 180e6
local west, south, east, north = L.west * 1e6, L.south * 1e6, L.east * 1e6, L.north * 1e6
local latest, oldest = now + A.future_ms, now - L.oldest_ms

local function in_chunks(items, what)
  for first = 1, #items, AT_ONCE do
    what(first, unpack(items, first, math.min(first + AT_ONCE - 1, #items)))
  end
end

-- lon and lat of both in millionths of a degree; most points are near enough to tell without angles.
local function jumps(lon, lat, ms, to_lon, to_lat, to_ms)
  if L.fastest_m_s <= 0 then return false end
  local reach_m = max(L.near_m, L.fastest_m_s * max(1, (to_ms - ms) / 1000))
  if (abs(to_lon - lon) + abs(to_lat - lat)) * MICRO_DEG_M <= reach_m then return false end
  local half_lat, half_lon = rad((to_lat - lat) / 2e6), rad((to_lon - lon) / 2e6)
  local part = math.sin(half_lat) ^ 2
    + math.cos(rad(lat / 1e6)) * math.cos(rad(to_lat / 1e6)) * math.sin(half_lon) ^ 2
  return 2 * EARTH_M * math.asin(math.min(1, math.sqrt(part))) > reach_m
end

-- The last fix of each as it is stored: to unpack all of them into tables would cost more than the law.
local last = {}
in_chunks(keys, function(first, ...)
  for number, raw in ipairs(redis.call('HMGET', K.position, ...)) do
    last[keys[first + number - 1]] = raw
  end
end)

local judged = {}
-- 't' for a unit that never told where it is, 'u' for none of ours, 'i' for no unit at all.
local function first_of(key)
  if not judged[key] then
    local kind, id = string.match(key, '^(%l+):(.*)$')
    if not (kind and is_unit(kind)) then
      judged[key] = 'i'
    else
      judged[key] = redis.call('HEXISTS', K[kind], id) == 1 and 't' or 'u'
    end
  end
  return judged[key]
end

local doubted = {}
local function confirmed(key, lon, lat, ms, since_ms)
  local raw = doubted[key] or redis.call('HGET', K.gps_doubts, key)
  if not raw then return false end
  local there_lon, there_lat, there_ms = read_fix(raw)
  return since_ms < there_ms and there_ms < ms
    and not jumps(there_lon, there_lat, there_ms, lon, lat, ms)
end

local function judge(key, lon, lat, ms, off_m)
  local before = last[key]
  local code = before and 't' or first_of(key)
  if lon > 180e6 or lon < -180e6 or lat > 90e6 or lat < -90e6 or not (ms > 0 and ms < 1e14) then
    return 'i'
  end
  if code ~= 't' then return code end
  if ms > latest then return 'f' end
  if ms < oldest then return 'o' end
  if lon < west or lon > east or lat < south or lat > north then return 'x' end
  if off_m > L.inexact_m then return 'n' end
  if not before then return 't' end
  local last_lon, last_lat, last_ms = read_fix(before)
  if ms <= last_ms then
    return ms == last_ms and lon == last_lon and lat == last_lat and 'r' or 'l'
  end
  if jumps(last_lon, last_lat, last_ms, lon, lat, ms)
    and not confirmed(key, lon, lat, ms, last_ms) then
    return 'j'
  end
  return 't'
end

local codes, written, counts = {}, {}, {}
for number, key in ipairs(keys) do
  local start = (number - 1) * BYTES + 1
  local code = judge(key, unpack_fix(FIX, fixes, start))
  if code == 't' then
    local fix = sub(fixes, start, start + BYTES - 1)
    last[key] = fix
    written[#written + 1] = key
    written[#written + 1] = fix
  elseif code == 'j' then
    doubted[key] = sub(fixes, start, start + BYTES - 1)
  end
  codes[number] = code
  counts[code] = (counts[code] or 0) + 1
end

local taken, late = counts.t or 0, counts.l or 0
if taken + late > 0 then
  in_chunks(written, function(_, ...) later('HSET', K.position, ...) end)
  local moved = ARGV[2]
  if taken < #keys then
    local told = {}
    for number, point in ipairs(cjson.decode(ARGV[2])) do
      if codes[number] == 't' then told[#told + 1] = point end
    end
    moved = list(told)
  end
  emit('unit.moved', '{"moved":' .. moved .. ',"late":' .. late .. ',"source":'
    .. cjson.encode(A.source) .. '}')
end
for key, raw in pairs(doubted) do redis.call('HSET', K.gps_doubts, key, raw) end
for code, count in pairs(counts) do
  redis.call('HINCRBY', K.gps_counts, A.source .. ' ' .. code, count)
end
return answer('"' .. table.concat(codes) .. '"')
