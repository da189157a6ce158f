-- Sends the requests of a file in turn; every tenth comes from a second file, if there is one, and is never repeated.
-- Arguments: the file, the second file or "-", and the mean pause of a connection in milliseconds or 0.
-- Requests are separated by the byte 0x1e. The result is one line of JSON, times in microseconds.
local threads = {}
known, fresh, sent, used, missing = {}, {}, 0, 0, 0

local function read(path)
  local requests = {}
  for request in io.open(path, "rb"):read("*a"):gmatch("[^\30]+") do
    requests[#requests + 1] = request
  end
  return requests
end

function setup(thread)
  threads[#threads + 1] = thread
end

function init(arguments)
  known = read(arguments[1])
  if arguments[2] ~= "-" then fresh = read(arguments[2]) end
  local pause = tonumber(arguments[3])
  if pause > 0 then
    function delay() return math.random(0, math.floor(2 * pause)) end
  end
end

function request()
  sent = sent + 1
  if #fresh > 0 and sent % 10 == 0 then
    used = used + 1
    if fresh[used] then return fresh[used] end
    missing = missing + 1
  end
  return known[sent % #known + 1]
end

function done(summary, latency)
  local missed = 0
  for _, thread in ipairs(threads) do missed = missed + thread:get("missing") end
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "bytes": %d, "p50": %d, "p99": %d, "refused": %d, "broken": %d, "missing": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, missed))
end
