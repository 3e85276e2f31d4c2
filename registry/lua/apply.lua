-- Carry one outbox row over: its effects and its card, once, in order of the aggregate's version.
-- ARGV[1]  row_id, aggregate, id, version, kind, memory_ms; resumes: the promise was closed, and its
--          last version may be forgotten;
--          effects: [{do: claim|occupy|free|status|drop_hold, ...}, ...]
-- ARGV[2]  the card as JSON ("null": the promise is closed)
-- ARGV[3]  the body as JSON
-- Result   {applied: position, already, displaced: [[hold, request, by], ...]}
--          | {expected: version} | {unknown: [kind, id]}
local card, body = ARGV[2], ARGV[3]
local row = A.aggregate .. ':' .. A.id

local function applied(position, already, displaced)
  return answer('{"applied":' .. position .. ',"already":' .. already
    .. ',"displaced":' .. displaced .. '}')
end

local memory = redis.call('HGET', K.rows, row)
local version, position = string.match(memory or '', '^(%d+) (.+)$')
version = tonumber(version or A.resumes and A.version - 1 or 0)
if A.version <= version then return applied(position, 'true', '[]') end
if A.version ~= version + 1 then
  return answer(cjson.encode({expected = version + 1}))
end

local displaced = {}
local function displace(id)
  local hold = drop_hold(id)
  displaced[#displaced + 1] = {hold.id, hold.request, hold.by}
end

local function drop_own(request)
  local own = redis.call('HGET', K.hold_of, request)
  if own and get('hold', own) then drop_hold(own) end
end

local function claim_unit(effect, unit)
  local who = claims_on(effect.kind, effect.id)
  if A.row_id < who.row then return end
  who.row = A.row_id
  if unit.hold then displace(unit.hold) end
  unit.request = effect.request
  touch(effect.kind, effect.id, unit)
end

local function claim_part(effect, state)
  local who = claims_on(effect.kind, effect.id)
  if who.requests[effect.request] then return end
  who.requests[effect.request] = true
  local part = effect.kind == 'pool' and 'reserved' or 'booked'
  state[part] = state[part] + 1
  recount(effect.kind, state)
  touch(effect.kind, effect.id, state)
  local lacking = (state.deficit or 0) > 0
  if effect.kind == 'slot' then lacking = state.held + state.booked > state.capacity end
  local holds = sorted_keys(who.holds)
  if lacking and #holds > 0 then displace(holds[#holds]) end
end

local EFFECTS = {}

function EFFECTS.claim(effect)
  drop_own(effect.request)
  local state = get(effect.kind, effect.id)
  if is_unit(effect.kind) then claim_unit(effect, state) else claim_part(effect, state) end
end

function EFFECTS.occupy(effect)
  local pool, who = get('pool', effect.pool), claims_on('pool', effect.pool)
  if who.requests[effect.request] then
    who.requests[effect.request] = nil
    pool.reserved = pool.reserved - 1
  end
  pool.occupied = pool.occupied + 1
  recount('pool', pool)
  touch('pool', effect.pool, pool)
end

function EFFECTS.free(effect)
  local state = get(effect.kind, effect.id)
  if not state then return end
  if is_unit(effect.kind) then
    if state.request ~= effect.request then return end
    state.request = nil
  else
    local who = claims_on(effect.kind, effect.id)
    if not who.requests[effect.request] then return end
    who.requests[effect.request] = nil
    local part = effect.kind == 'pool' and 'reserved' or 'booked'
    state[part] = state[part] - 1
    recount(effect.kind, state)
  end
  touch(effect.kind, effect.id, state)
end

function EFFECTS.status(effect)
  local unit = get(effect.kind, effect.id)
  if not unit then return end
  unit.status, unit.out_reason, unit.updated_ms, unit.confirmed_ms = effect.status, nil, now, now
  touch(effect.kind, effect.id, unit)
end

function EFFECTS.drop_hold(effect)
  if get('hold', effect.hold) then drop_hold(effect.hold) end
end

for _, effect in ipairs(A.effects) do
  local kind, id = effect.kind, effect.id
  if effect['do'] == 'occupy' then kind, id = 'pool', effect.pool end
  local needed = effect['do'] == 'claim' or effect['do'] == 'occupy'
  if needed and not get(kind, id) then return answer(cjson.encode({unknown = {kind, id}})) end
end
for _, effect in ipairs(A.effects) do EFFECTS[effect['do']](effect) end

if card == 'null' then
  later('HDEL', K[A.aggregate], A.id)
  later('ZADD', K.due, now + A.memory_ms, 'row:' .. row)
else
  later('HSET', K[A.aggregate], A.id, card)
  later('ZREM', K.due, 'row:' .. row)
end
local names = list(displaced)
local told = '{"row":' .. cjson.encode(A.row_id) .. ',"aggregate":"' .. A.aggregate
  .. '","aggregate_id":' .. cjson.encode(A.id) .. ',"version":' .. A.version
  .. ',"displaced":' .. names .. ',"body":' .. body .. '}'
local shown = '["' .. A.aggregate .. '",' .. cjson.encode(A.id) .. ',' .. card .. ']'
position = emit('promise.' .. A.kind, told, shown)
redis.call('HSET', K.rows, row, A.version .. ' ' .. position)
return applied(position, 'false', names)
