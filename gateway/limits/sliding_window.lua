-- Counts one call of one subject against all rates of its limit class, or, if any rate refuses, against none.
--
-- KEYS[1]  the subject's hash: field = a rate's window in ms, value = "index current previous"
-- ARGV     cost, then limit and window (ms) of each rate
-- returns  {allowed (1 or 0), then for each rate: remaining, reset (ms)}
--
-- Time is cut into windows; the estimate of what a rate has seen in the window that ends now is the current count plus
-- the previous one weighted by how much of it still overlaps, rounded up. All numbers are integers below 2^53.
-- gateway/limits/window.py says the same in Python: change both together.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local cost = tonumber(ARGV[1])

local function counts_at(window, stored)
  local index = math.floor(now / window)
  local elapsed = now - index * window
  local seen, current, previous = string.match(stored or '', '^(%d+) (%d+) (%d+)$')
  seen, current, previous = tonumber(seen), tonumber(current), tonumber(previous)
  if not seen or seen < index - 1 then return index, elapsed, 0, 0 end
  if seen == index - 1 then return index, elapsed, 0, current end
  if seen > index then return seen, 0, current, previous end -- the clock went back: what was counted stays counted
  return index, elapsed, current, previous
end

-- How long until `room` is enough for what `count`, as a window's predecessor, still weighs.
local function until_within(room, count, window)
  if count == 0 then return 0 end
  return math.max(0, math.ceil(window - room * window / count))
end

local function wait_to_pass(rate)
  local room = math.max(0, rate.limit - cost)
  if rate.current <= room then
    return math.max(0, until_within(room - rate.current, rate.previous, rate.window) - rate.elapsed)
  end
  return rate.window - rate.elapsed + until_within(room, rate.current, rate.window)
end

local function wait_to_clear(rate)
  if rate.current + cost > 0 then return 2 * rate.window - rate.elapsed end
  return rate.window - rate.elapsed
end

local rates, allowed, longest = {}, true, 0
for i = 2, #ARGV, 2 do
  local rate = {limit = tonumber(ARGV[i]), window = tonumber(ARGV[i + 1]), field = ARGV[i + 1]}
  local stored = redis.call('HGET', KEYS[1], rate.field)
  rate.index, rate.elapsed, rate.current, rate.previous = counts_at(rate.window, stored)
  local weighted = math.ceil(rate.previous * (rate.window - rate.elapsed) / rate.window)
  rate.left = rate.limit - rate.current - weighted
  allowed = allowed and cost <= rate.left
  longest = math.max(longest, rate.window)
  rates[#rates + 1] = rate
end

local answer = {allowed and 1 or 0}
for _, rate in ipairs(rates) do
  if allowed then
    redis.call('HSET', KEYS[1], rate.field, rate.index .. ' ' .. (rate.current + cost) .. ' ' .. rate.previous)
  end
  answer[#answer + 1] = math.max(0, allowed and rate.left - cost or rate.left)
  answer[#answer + 1] = allowed and wait_to_clear(rate) or wait_to_pass(rate)
end
if allowed then redis.call('PEXPIRE', KEYS[1], 2 * longest) end
return answer
