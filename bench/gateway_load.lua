-- For wrk: `wrk … -s gateway_load.lua URL -- KEY FIRST`. A path that ends in process-client is
-- asked for another client each time, from number FIRST on. Ends with one line of JSON.
local number, posts

function init(arguments)
  wrk.headers["X-API-Key"] = arguments[1]
  wrk.headers["Content-Type"] = "application/json"
  number = tonumber(arguments[2])
  posts = wrk.path:match("process%-client$")
end

function request()
  if not posts then
    return wrk.format("GET")
  end
  number = number + 1
  local body = '{"client_id": "00000000-0000-7000-8000-%012d"}'
  return wrk.format("POST", nil, nil, body:format(number))
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('{"requests":%d,"seconds":%f,"p99_ms":%f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1000, failed))
end
