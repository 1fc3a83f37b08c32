-- A run's fence: the nonce of the claim that has the run, or had it last, and the number of its last group of writes. Beside the
-- calls, as their field `fence`, while a claim has a run that has any; else a field of the run. Once that claim has handed the run
-- back or settled it, the word `over` follows, and no writer expects that.

-- readFence(fence) -> nonce, number, whether the claim is over
local function readFence(fence)
  local nonce, n, over = fence:match('^(.*) (%d+)( ?%l*)$')
  return nonce, n + 0, over ~= ''
end
