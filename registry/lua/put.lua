-- Define a team, van, pool or slot.
-- ARGV[1]  kind; state: a fresh one; keeps: names of the fields that an existing one keeps
-- Result   the state as JSON
local state, kind = compact(A.state), A.kind
local old = get(kind, state.id)
if old then
  for _, name in ipairs(A.keeps) do state[name] = old[name] end
  state.updated_ms, state.confirmed_ms = old.updated_ms, old.confirmed_ms
else
  state.updated_ms, state.confirmed_ms = now, now
end
recount(kind, state)
touch(kind, state.id, state)
emit(kind .. '.put', '{}', nil, true)
return answer(cjson.encode(state))
