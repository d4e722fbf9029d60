-- One question to a breaker, decided atomically for all processes. The same as breaker_machine.step, by Redis's clock.
-- KEYS[1] the breaker. ARGV: op, token, threshold, open_ms, probe_ms.
-- Answers false when Redis knows nothing of it, else: allowed, state before, and the memory after.
local FIELDS = {'state', 'mode', 'failures', 'opened_ms', 'probe_until_ms', 'probe_token', 'version'}
local raw = redis.call('HMGET', KEYS[1], unpack(FIELDS))
if not raw[1] then return false end

local m = {state = raw[1], mode = raw[2], failures = tonumber(raw[3]), opened_ms = tonumber(raw[4]),
           probe_until_ms = tonumber(raw[5]), probe_token = raw[6], version = tonumber(raw[7])}
local op, token = ARGV[1], ARGV[2]
local threshold, open_ms, probe_ms = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before, allowed, dirty = m.state, true, false

local function set(changes)
    for field, value in pairs(changes) do m[field] = value end
    if m.state ~= before then m.version = m.version + 1 end
    dirty = true
end

local function answer(state, extra)
    extra.state, extra.probe_token = state, ''
    set(extra)
end

if op == 'allow' then
    if m.mode ~= 'auto' then
        allowed = m.mode == 'forced_closed'
    elseif m.state == 'open' and now >= m.opened_ms + open_ms then
        set({state = 'half_open', probe_until_ms = now + probe_ms, probe_token = token})
    elseif m.state == 'half_open' and now >= m.probe_until_ms then
        set({probe_until_ms = now + probe_ms, probe_token = token})
    else
        allowed = m.state == 'closed'
    end
elseif m.state == 'half_open' and m.probe_token == token then
    if op == 'success' then answer('closed', {failures = 0}) else answer('open', {opened_ms = now}) end
elseif m.state == 'closed' and op == 'success' then
    if m.failures > 0 then set({failures = 0}) end
elseif m.state == 'closed' then
    if m.failures + 1 >= threshold then
        set({state = 'open', opened_ms = now, failures = m.failures + 1})
    else
        set({failures = m.failures + 1})
    end
end

local function whole(number) return string.format('%.0f', number) end
local out = {m.state, m.mode, whole(m.failures), whole(m.opened_ms), whole(m.probe_until_ms), m.probe_token,
             whole(m.version)}
if dirty then
    local pairs_ = {}
    for i, field in ipairs(FIELDS) do
        pairs_[2 * i - 1], pairs_[2 * i] = field, out[i]
    end
    redis.call('HSET', KEYS[1], unpack(pairs_))
end
return {allowed and 1 or 0, before, unpack(out)}
