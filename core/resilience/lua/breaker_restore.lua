-- Give Redis what the database remembers, unless Redis knows something newer, which is then the answer: 1.
-- KEYS[1] the breaker. ARGV: state, mode, failures, opened_ms, probe_until_ms, probe_token, version.
local known = redis.call('HGET', KEYS[1], 'version')
if known and tonumber(known) >= tonumber(ARGV[7]) then
    return tonumber(known) > tonumber(ARGV[7]) and 1 or 0
end
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'mode', ARGV[2], 'failures', ARGV[3], 'opened_ms', ARGV[4],
           'probe_until_ms', ARGV[5], 'probe_token', ARGV[6], 'version', ARGV[7])
return 0
