-- Somebody stands by the last count of a pool, or takes back that they did.
-- ARGV[1]  pool; withdrawn_ms, former_ms (both absent: it is confirmed now)
--          A confirmation is withdrawn only while it is the last word: the former age counts again.
-- Result   the state as JSON; error NotFound
local pool = get('pool', A.pool)
if not pool then return fail('NotFound', 'pool', A.pool) end
if A.withdrawn_ms and pool.confirmed_ms ~= A.withdrawn_ms then return answer(cjson.encode(pool)) end
if A.withdrawn_ms then
  pool.confirmed_ms = math.max(pool.updated_ms, math.min(A.former_ms, A.withdrawn_ms))
else
  pool.confirmed_ms = now
end
touch('pool', A.pool, pool)
emit(A.withdrawn_ms and 'pool.doubted' or 'pool.confirmed', '{}')
return answer(cjson.encode(pool))
