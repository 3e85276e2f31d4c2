-- Give back what is held.
-- ARGV[1]  hold
-- Result   true | false (it was gone)
if not get('hold', A.hold) then return answer('false') end
emit('hold.released', hold_body(drop_hold(A.hold)))
return answer('true')
