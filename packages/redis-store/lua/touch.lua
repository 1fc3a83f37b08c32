#!lua flags=allow-oom
--[[
  touch: writes something, for a connection whose last writes were all known already. What WAIT and WAITAOF answer is about the
  connection's last write, and a connection that wrote nothing has nothing to wait for.

  KEYS[1] ack  str  holds nothing of interest, for an hour

  returns
    touched
]]
redis.call('SET', KEYS[1], 1, 'EX', 3600)
return 'touched'
