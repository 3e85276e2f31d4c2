-- Claim a team, a van and a pool or slot together until expires, or nothing.
-- ARGV[1]  id, request, by, ttl_ms; resources: [[kind, id], ...] in the order of judgement;
--          seen: {"kind:id": version}
-- Result   {hold, position} | {refused: [kind, id, reason]}
local function refused(kind, id, reason)
  return answer(cjson.encode({refused = {kind, id, reason}}))
end

local function why_not(kind, state)
  if kind == 'pool' then
    if state.paused then return 'paused' end
    if state.deficit > 0 then return 'overcommitted' end
    return state.free == 0 and 'full' or nil
  elseif kind == 'slot' then
    if not state.open then return 'closed' end
    return state.free == 0 and 'full' or nil
  end
  if state.status == 'out_of_service' then return 'out_of_service' end
  local taken = state.hold or state.request or state.status ~= 'available'
  return taken and 'not_free' or nil
end

local function granted(hold, position)
  return answer('{"hold":' .. cjson.encode(hold) .. ',"position":' .. position .. '}')
end

local living = get('hold', A.id)
if living then
  local at = redis.call('HMGET', K.meta, 'epoch', 'seq')
  return granted(living, '[' .. at[1] .. ',' .. at[2] .. ']')
end
local other = redis.call('HGET', K.hold_of, A.request)
if other then return refused('hold', other, 'request_has_hold') end

for _, resource in ipairs(A.resources) do
  local kind, id = resource[1], resource[2]
  local state = get(kind, id)
  if not state then return refused(kind, id, 'unknown') end
  local reason = why_not(kind, state)
  if reason then return refused(kind, id, reason) end
  local seen = A.seen[kind .. ':' .. id]
  if seen and seen ~= state.version then return refused(kind, id, 'version_changed') end
end

local hold = {
  id = A.id, request = A.request, by = A.by, state = 'held', expires_ms = now + A.ttl_ms,
  updated_ms = now, confirmed_ms = now,
}
touch('hold', A.id, hold)
for _, resource in ipairs(A.resources) do
  local kind, id = resource[1], resource[2]
  local state = get(kind, id)
  hold[kind] = id
  if is_unit(kind) then
    state.hold = A.id
  else
    claims_on(kind, id).holds[A.id] = true
    state.held = state.held + 1
    recount(kind, state)
  end
  touch(kind, id, state)
end
later('HSET', K.hold_of, A.request, A.id)
later('ZADD', K.due, hold.expires_ms, 'hold:' .. A.id)
return granted(hold, emit('hold.granted', hold_body(hold)))
