-- A team or van says what it is doing.
-- ARGV[1]  kind, id, status; reason where it goes out of service
-- Result   the state as JSON; error NotFound
local unit = get(A.kind, A.id)
if not unit then return fail('NotFound', A.kind, A.id) end
unit.status, unit.out_reason, unit.updated_ms, unit.confirmed_ms = A.status, A.reason, now, now
touch(A.kind, A.id, unit)
emit('unit.status', '{}')
return answer(cjson.encode(unit))
