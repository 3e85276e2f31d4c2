-- A hold now ends ttl_ms from now.
-- ARGV[1]  hold, ttl_ms
-- Result   {hold, position} | {refused: [kind, id, "ended"]}
local hold = get('hold', A.hold)
if not hold then return answer(cjson.encode({refused = {'hold', A.hold, 'ended'}})) end
hold.expires_ms, hold.updated_ms = now + A.ttl_ms, now
later('ZADD', K.due, hold.expires_ms, 'hold:' .. A.hold)
touch('hold', A.hold, hold)
local position = emit('hold.extended', hold_body(hold))
return answer('{"hold":' .. cjson.encode(hold) .. ',"position":' .. position .. '}')
