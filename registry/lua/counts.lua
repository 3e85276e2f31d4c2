-- Take a facility's count as it is, or one person more (walk-in).
-- ARGV[1]  pool; occupied, closed, capacity (absent: as it was), at_ms | walk_in: true; max_count
--          A count made before the one that stands is late: it changes nothing.
-- Result   {pool, holds, requests, late, position}: ids concerned when it is overcommitted now;
--          error NotFound, TooMany
local pool = get('pool', A.pool)
if not pool then return fail('NotFound', 'pool', A.pool) end
local at_ms = now
local late = not A.walk_in and A.at_ms < pool.updated_ms
if late then
  at_ms = nil
elseif A.walk_in then
  if pool.occupied >= A.max_count then return fail('TooMany', 'pool', A.pool) end
  pool.occupied = pool.occupied + 1
else
  pool.occupied, pool.closed = A.occupied, A.closed
  pool.capacity = A.capacity or pool.capacity
  at_ms = math.min(A.at_ms, now)
end
if not late then
  pool.updated_ms, pool.confirmed_ms = at_ms, at_ms
  recount('pool', pool)
  touch('pool', A.pool, pool)
end
local who = pool.deficit > 0 and claims_on('pool', A.pool) or {holds = {}, requests = {}}
local concerned = '"holds":' .. list(sorted_keys(who.holds))
  .. ',"requests":' .. list(sorted_keys(who.requests))
local flags = '"walk_in":' .. tostring(A.walk_in == true) .. ',"late":' .. tostring(late)
local position = emit('pool.counted', '{' .. flags .. ',' .. concerned .. '}')
return answer('{"pool":' .. cjson.encode(pool) .. ',' .. concerned
  .. ',"late":' .. tostring(late) .. ',"position":' .. position .. '}')
