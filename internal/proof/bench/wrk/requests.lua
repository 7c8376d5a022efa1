-- wrk script: sends the requests of a file in turn, over and over, and prints
-- what came of them as one line of JSON. Each line of the file: METHOD <tab>
-- path <tab> headers as "name: value", separated by "|" <tab> body
-- Arguments after "--":  1 the file   2 pause of each connection between two requests, ms (default none)
local requests, at, pause = {}, 0, 0

function init(args)
  for line in io.lines(args[1]) do
    local method, path, headers, body = line:match("^(%S+)\t(%S+)\t([^\t]*)\t(.*)$")
    local fields = {}
    for name, value in headers:gmatch("([^:|]+): ([^|]*)") do fields[name] = value end
    if body ~= "" then fields["content-type"] = "application/json" end
    requests[#requests + 1] = wrk.format(method, path, fields, body ~= "" and body or nil)
  end
  pause = tonumber(args[2] or "0")
  -- Connections that all pause alike would fire in one volley.
  if pause > 0 then delay = function() return math.random(0, 2 * pause) end end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"failed":%d,"refused":%d,"p50":%d,"p90":%d,"p99":%d,"max":%d,"mean":%.1f}\n',
    summary.requests, summary.duration / 1e6, errors.connect + errors.read + errors.write + errors.timeout,
    errors.status, latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max, latency.mean))
end
