-- Forget a team, van, pool or slot on which nobody has a claim.
-- ARGV[1]  kind, id
-- Result   position [epoch, seq]; error NotFound, InUse
local kind, id = A.kind, A.id
local state = get(kind, id)
if not state then return fail('NotFound', kind, id) end
local claimed = (state.held or 0) + (state.reserved or 0) + (state.booked or 0)
if state.hold or state.request or claimed > 0 then return fail('InUse', kind, id) end
local key = kind .. ':' .. id
later('HDEL', K.claims, key)
later('HDEL', K.position, key)
later('HDEL', K.gps_doubts, key)
later('ZREM', K.due, key)
touch(kind, id, false)
return answer(emit(kind .. '.removed', '{}'))
