-- Start a new sequence of events. The epoch is the server's time in s, or one more than the last:
-- it is never used twice, even if a failover lost the last one.
-- ARGV[1]  if_none: only when none is open; if_other: only when the last one was not seen on the
--          server with this run id
-- Result   position of the event epoch.opened, or of the last event; if_other: null where it is the
--          same server
local meta = redis.call('HMGET', K.meta, 'epoch', 'seq', 'run')
if A.if_none and meta[1] then return answer('[' .. meta[1] .. ',' .. meta[2] .. ']') end
if A.if_other then
  redis.call('HSET', K.meta, 'run', A.if_other)
  if not meta[3] or meta[3] == A.if_other then return answer('null') end
end
local epoch = math.max(math.floor(now / 1000), (tonumber(meta[1]) or 0) + 1)
redis.call('HSET', K.meta, 'epoch', string.format('%d', epoch), 'seq', -1)
return answer(emit('epoch.opened', '{}'))
