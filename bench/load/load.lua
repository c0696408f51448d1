-- A load for wrk, and its result as one line of JSON.
--   get PATH…             the paths in turn
--   getconfigs COUNT      the first COUNT configs, each of them equally often, in an order that hides none in a cache
--   save COUNT BODY       saves the first COUNT configs in turn; BODY is a file, in which @@@@@@@@ becomes a number
-- One path alone needs no Lua for each request: wrk then sends the URL that it was given.

local function mac(index)
  return (string.format("%012x", index):gsub("%x%x", "%0-"):sub(1, 17))
end

local function inTurn(requests)
  local at, count = 0, #requests
  return function()
    at = at % count + 1
    return requests[at]
  end
end

local loads = {}

function loads.get(...)
  local requests = {}
  for _, path in ipairs({ ... }) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
  return inTurn(requests)
end

function loads.getconfigs(count)
  -- A step without a common divisor visits all of them before one comes again.
  local total, step, at = tonumber(count), 7919, 0
  return function()
    at = (at + step) % total
    return wrk.format("GET", "/api/configs/" .. mac(at) .. ".json")
  end
end

function loads.save(count, bodyFile)
  local body = assert(io.open(bodyFile)):read("*a")
  local before, after = body:match("^(.-)@@@@@@@@(.*)$")
  local headers = { ["Content-Type"] = "application/json" }
  local total, step, at, number = tonumber(count), 7919, 0, 0
  return function()
    at = (at + step) % total
    number = number + 1
    local content = before .. string.format("%08d", number) .. after
    return wrk.format("PUT", "/api/configs/" .. mac(at), headers, content)
  end
end

function init(args)
  if #args > 0 then
    request = loads[args[1]](unpack(args, 2))
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"p50Ms":%f,"p99Ms":%f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
