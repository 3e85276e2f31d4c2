-- Somebody stands by the last count of a pool.
-- ARGV[1]  pool
-- Result   the state as JSON; error NotFound
local pool = get('pool', A.pool)
if not pool then return fail('NotFound', 'pool', A.pool) end
pool.confirmed_ms = now
touch('pool', A.pool, pool)
emit('pool.confirmed', '{}')
return answer(cjson.encode(pool))
