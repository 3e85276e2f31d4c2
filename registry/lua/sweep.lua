-- End what is due by the server's clock: holds, pauses with an end, the memory of closed promises.
-- ARGV[1]  limit: how many at once
-- Result   {expired: [hold, ...], more: are there perhaps others}
local due = redis.call('ZRANGEBYSCORE', K.due, '-inf', string.format('%d', now), 'LIMIT', 0, A.limit)
local expired = {}
for _, member in ipairs(due) do
  local kind, id = string.match(member, '^(%a+):(.*)$')
  if kind == 'hold' then
    emit('hold.expired', hold_body(drop_hold(id)))
    expired[#expired + 1] = id
  elseif kind == 'pool' then
    local pool = get('pool', id)
    pool.paused, pool.pause_reason, pool.pause_until_ms = false, nil, nil
    later('ZREM', K.due, member)
    touch('pool', id, pool)
    emit('pool.resumed', '{}')
  else
    redis.call('HDEL', K.rows, id)
    redis.call('ZREM', K.due, member)
  end
end
local more = #due == A.limit and 'true' or 'false'
return answer('{"expired":' .. list(expired) .. ',"more":' .. more .. '}')
