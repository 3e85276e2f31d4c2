-- Take, renew or yield a lease. Its token grows with every taking and is the holder's fence.
-- ARGV[1]  act: take|renew|yield; name; owner and ttl_ms (take), token and ttl_ms (renew), token
-- Result   the lease as JSON | null (somebody else has it, or it was lost)
local raw = redis.call('HGET', K.leases, A.name)
local lease = raw and cjson.decode(raw) or {token = 0, until_ms = 0}
if A.act == 'take' then
  if lease.owner ~= A.owner and lease.until_ms > now then return answer('null') end
  lease = {name = A.name, owner = A.owner, token = lease.token + 1, until_ms = now + A.ttl_ms}
else
  if lease.token ~= A.token or lease.until_ms <= now then return answer('null') end
  lease.until_ms = A.act == 'renew' and now + A.ttl_ms or now
end
raw = cjson.encode(lease)
redis.call('HSET', K.leases, A.name, raw)
return answer(raw)
