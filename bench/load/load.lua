-- A load for wrk, and its result as one line of JSON. What it takes, after `--`:
--   getconfigs COUNT      GETs the first COUNT configs in turn
--   save COUNT BODY       saves the first COUNT configs in turn; BODY is a file, in which @@@@@@@@ becomes a number, so
--                         that no config is saved twice in a row with the same content
--   nothing               GETs the URL that wrk was given
-- Requests are made before the load begins: making each as it is sent would cost the generator more than sending it.

local STEP = 7919 -- No divisor in common with any COUNT of ours: all are visited before one comes again.
local FEWEST = 1000

local function mac(index)
  return (string.format("%012x", index):gsub("%x%x", "%0-"):sub(1, 17))
end

--- Twice as many requests as there are configs, or more.
local function inTurn(count, make)
  local requests = {}
  for number = 1, math.max(2 * count, FEWEST) do
    requests[number] = make(mac(number * STEP % count), number)
  end
  local at = 0
  return function()
    at = at % #requests + 1
    return requests[at]
  end
end

local loads = {}

function loads.getconfigs(count)
  return inTurn(tonumber(count), function(file)
    return wrk.format("GET", "/api/configs/" .. file .. ".json")
  end)
end

function loads.save(count, bodyFile)
  local before, after = assert(io.open(bodyFile)):read("*a"):match("^(.-)@@@@@@@@(.*)$")
  local headers = { ["Content-Type"] = "application/json" }
  return inTurn(tonumber(count), function(file, number)
    local content = before .. string.format("%08d", number) .. after
    return wrk.format("PUT", "/api/configs/" .. file, headers, content)
  end)
end

function init(args)
  if #args > 0 then
    request = loads[args[1]](unpack(args, 2))
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"p99Ms":%f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
