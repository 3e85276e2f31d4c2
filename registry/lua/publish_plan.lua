-- Keep the region's plan, if the lease "planner" has not passed to a newer holder.
-- ARGV[1]  fence: the holder's token;  ARGV[2]  the plan's bytes
-- Result   position; error Fenced
local raw = redis.call('HGET', K.leases, 'planner')
if not raw or cjson.decode(raw).token ~= A.fence then return fail('Fenced', 'lease', 'planner') end
later('SET', K.plan, ARGV[2])
return answer(emit('plan.published', cjson.encode({fence = A.fence, bytes = #ARGV[2]})))
