-- Take a facility's count as it is, or one person more (walk-in).
-- ARGV[1]  pool; occupied, closed, capacity (absent: as it was), at_ms | walk_in: true; max_count
-- Result   {pool, holds, requests, position}: ids concerned when it is overcommitted now;
--          error NotFound, TooMany
local pool = get('pool', A.pool)
if not pool then return fail('NotFound', 'pool', A.pool) end
local at_ms = now
if A.walk_in then
  if pool.occupied >= A.max_count then return fail('TooMany', 'pool', A.pool) end
  pool.occupied = pool.occupied + 1
else
  pool.occupied, pool.closed = A.occupied, A.closed
  pool.capacity = A.capacity or pool.capacity
  at_ms = math.min(A.at_ms, now)
end
pool.updated_ms, pool.confirmed_ms = at_ms, at_ms
recount('pool', pool)
touch('pool', A.pool, pool)
local who = pool.deficit > 0 and claims_on('pool', A.pool) or {holds = {}, requests = {}}
local concerned = '"holds":' .. list(sorted_keys(who.holds))
  .. ',"requests":' .. list(sorted_keys(who.requests))
local walk_in = A.walk_in and 'true' or 'false'
local position = emit('pool.counted', '{"walk_in":' .. walk_in .. ',' .. concerned .. '}')
return answer('{"pool":' .. cjson.encode(pool) .. ',' .. concerned
  .. ',"position":' .. position .. '}')
