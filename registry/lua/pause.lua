-- A pool gives nothing new (paused: true, with a reason and perhaps an end), or gives again.
-- ARGV[1]  pool, paused, reason, until_ms (absent: until somebody resumes it)
-- Result   the state as JSON; error NotFound
local pool = get('pool', A.pool)
if not pool then return fail('NotFound', 'pool', A.pool) end
pool.paused, pool.pause_reason, pool.pause_until_ms = A.paused, A.reason, A.until_ms
later('ZREM', K.due, 'pool:' .. A.pool)
if A.until_ms then later('ZADD', K.due, A.until_ms, 'pool:' .. A.pool) end
touch('pool', A.pool, pool)
emit(A.paused and 'pool.paused' or 'pool.resumed', '{}')
return answer(cjson.encode(pool))
