-- Judge and take a batch of GPS points.
-- ARGV[1]  points: [[kind, id, lon, lat, at_ms], ...] (degrees, sound); future_ms; source
-- Result   [verdict, ...]: taken, late (not newer than the last), future, unknown
-- The event touches nothing: its body carries moved, the points taken, and how many were late.
local verdicts, moved, late, last, known = {}, {}, 0, {}, {}
for number, point in ipairs(A.points) do
  local kind, id, at_ms = point[1], point[2], point[5]
  local key = kind .. ':' .. id
  if known[key] == nil then
    known[key] = redis.call('HEXISTS', K[kind], id) == 1
    local at = redis.call('HGET', K.position, key)
    last[key] = at and tonumber(string.match(at, '%S+ %S+ (%S+)')) or 0
  end
  local verdict = 'taken'
  if not known[key] then
    verdict = 'unknown'
  elseif at_ms > now + A.future_ms then
    verdict = 'future'
  elseif at_ms <= last[key] then
    verdict = 'late'
    late = late + 1
  else
    last[key] = at_ms
    moved[#moved + 1] = point
    later('HSET', K.position, key, string.format('%.6f %.6f %d', point[3], point[4], at_ms))
  end
  verdicts[number] = verdict
end
if #moved > 0 or late > 0 then
  emit('unit.moved', '{"moved":' .. list(moved) .. ',"late":' .. late .. ',"source":'
    .. cjson.encode(A.source) .. '}')
end
return answer(list(verdicts))
