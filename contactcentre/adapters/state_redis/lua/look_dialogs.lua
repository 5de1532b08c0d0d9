-- Say what is kept of some telephone calls, whoever has them; unknown ones are left out.
--
-- KEYS   dialog:
-- ARGV   calls...
-- GIVES  {"said", {call, said}...}
local any_dialog = KEYS[1]

local found = {'said'}
for _, call in ipairs(ARGV) do
  local said = redis.call('GET', any_dialog .. call)
  if said then found[#found + 1] = {call, said} end
end
return found
