-- Judge and take a batch of GPS points, by the law of registry/gps.py.
-- ARGV[1]  points: [[kind, id, lon, lat, at_ms], ...] (degrees; null where it was no number);
--          future_ms; source; limits: {west, south, east, north, near_m, fastest_m_s, oldest_ms}
-- Result   one letter a point, as CODES of registry/gps.py has them
-- The event touches nothing: its body carries moved, the points taken, and how many were late.
-- What became of every point is counted by source, in the hash gps_counts.
local L, EARTH_M, AT_ONCE = A.limits, 6371009.0, 2000
local codes, moved, fresh, order, doubts, last = {}, {}, {}, {}, {}, {}

local function in_chunks(items, what)
  for first = 1, #items, AT_ONCE do
    what(first, unpack(items, first, math.min(first + AT_ONCE - 1, #items)))
  end
end

local function read(text)
  local lon, lat, ms = string.match(text, '(%S+) (%S+) (%S+)')
  return {tonumber(lon), tonumber(lat), tonumber(ms)}
end

local function jumps(from, to)
  if L.fastest_m_s <= 0 then return false end
  local half_lat, half_lon = math.rad(to[2] - from[2]) / 2, math.rad(to[1] - from[1]) / 2
  local part = math.sin(half_lat) ^ 2
    + math.cos(math.rad(from[2])) * math.cos(math.rad(to[2])) * math.sin(half_lon) ^ 2
  local far_m = 2 * EARTH_M * math.asin(math.min(1, math.sqrt(part)))
  local within_s = math.max(1, (to[3] - from[3]) / 1000)
  return far_m > L.near_m and far_m > L.fastest_m_s * within_s
end

local function is_sound(kind, lon, lat, at_ms)
  return is_unit(kind) and type(lon) == 'number' and type(lat) == 'number'
    and math.abs(lon) <= 180 and math.abs(lat) <= 90 and at_ms > 0 and at_ms < 1e14
end

-- The last position of every unit that is named, at one reading.
local keys, seen = {}, {}
for _, point in ipairs(A.points) do
  local key = point[1] .. ':' .. point[2]
  if not seen[key] then
    seen[key] = true
    keys[#keys + 1] = key
  end
end
in_chunks(keys, function(first, ...)
  for number, text in ipairs(redis.call('HMGET', K.position, ...)) do
    if text then last[keys[first + number - 1]] = read(text) end
  end
end)

local known = {}
local function is_known(kind, id, key)
  if last[key] then return true end
  if known[key] == nil then known[key] = redis.call('HEXISTS', K[kind], id) == 1 end
  return known[key]
end

local function doubtful(key)
  if doubts[key] == nil then
    local text = redis.call('HGET', K.gps_doubts, key)
    doubts[key] = text and read(text) or false
  end
  return doubts[key]
end

local function judge(key, before, fix)
  if fix[3] > now + A.future_ms then return 'f' end
  if fix[3] < now - L.oldest_ms then return 'o' end
  if fix[1] < L.west or fix[1] > L.east or fix[2] < L.south or fix[2] > L.north then
    return 'x'
  end
  if not before then return 't' end
  if fix[3] <= before[3] then
    local same = fix[1] == before[1] and fix[2] == before[2] and fix[3] == before[3]
    return same and 'r' or 'l'
  end
  if not jumps(before, fix) then return 't' end
  local doubt = doubtful(key)
  if doubt and before[3] < doubt[3] and doubt[3] < fix[3] and not jumps(doubt, fix) then
    return 't'
  end
  return 'j'
end

local doubted, counts, late = {}, {}, 0
for number, point in ipairs(A.points) do
  local kind, id, at_ms = point[1], point[2], point[5]
  local key, code = kind .. ':' .. id, 'i'
  if is_sound(kind, point[3], point[4], at_ms) then
    local lon, lat = string.format('%.6f', point[3]), string.format('%.6f', point[4])
    local fix = {tonumber(lon), tonumber(lat), at_ms}
    code = is_known(kind, id, key) and judge(key, last[key], fix) or 'u'
    if code == 't' or code == 'j' then
      local ms = string.format('%d', at_ms)
      local text = lon .. ' ' .. lat .. ' ' .. ms
      if code == 't' then
        if not fresh[key] then order[#order + 1] = key end
        fresh[key], last[key] = text, fix
        moved[#moved + 1] = '["' .. kind .. '",' .. cjson.encode(id) .. ',' .. lon .. ',' .. lat
          .. ',' .. ms .. ']'
      else
        doubts[key], doubted[key] = fix, text
      end
    elseif code == 'l' then
      late = late + 1
    end
  end
  codes[number] = code
  counts[code] = (counts[code] or 0) + 1
end

local written = {}
for _, key in ipairs(order) do
  written[#written + 1] = key
  written[#written + 1] = fresh[key]
end
in_chunks(written, function(_, ...) later('HSET', K.position, ...) end)
if #moved > 0 or late > 0 then
  emit('unit.moved', '{"moved":[' .. table.concat(moved, ',') .. '],"late":' .. late .. ',"source":'
    .. cjson.encode(A.source) .. '}')
end
for key, text in pairs(doubted) do redis.call('HSET', K.gps_doubts, key, text) end
for code, count in pairs(counts) do
  redis.call('HINCRBY', K.gps_counts, A.source .. ' ' .. code, count)
end
return answer('"' .. table.concat(codes) .. '"')
