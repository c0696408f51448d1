-- A load for wrk, and its result as one line of JSON. What it takes, after `--`:
--   getconfigs COUNT      GETs the first COUNT configs in turn
--   save COUNT BODY       saves the first COUNT configs in turn; BODY is a file, in which @@@@@@@@ becomes the save's
--                         number, so that no two contents of a load are the same
--   nothing               GETs the URL that wrk was given
-- Requests are made before the load begins, but for a save's number: making each as it is sent would cost the generator
-- more than sending it.

local STEP = 7919 -- No divisor in common with any COUNT of ours: all are visited before one comes again.

local function mac(index)
  return (string.format("%012x", index):gsub("%x%x", "%0-"):sub(1, 17))
end

--- What `make` gives for each of the first `count` configs, one after another, for ever.
local function inTurn(count, make)
  local made = {}
  for number = 1, count do
    made[number] = make(mac(number * STEP % count))
  end
  local at = 0
  return function()
    at = at % count + 1
    return made[at]
  end
end

local loads = {}

function loads.getconfigs(count)
  return inTurn(tonumber(count), function(file)
    return wrk.format("GET", "/api/configs/" .. file .. ".json")
  end)
end

function loads.save(count, bodyFile)
  local body = assert(io.open(bodyFile)):read("*a")
  local headers = { ["Content-Type"] = "application/json" }
  local nextSave = inTurn(tonumber(count), function(file)
    local save = wrk.format("PUT", "/api/configs/" .. file, headers, body)
    local first, last = save:find("@@@@@@@@", 1, true)
    return { before = save:sub(1, first - 1), after = save:sub(last + 1) }
  end)
  local number = 0
  return function()
    number = number + 1
    local save = nextSave()
    return save.before .. string.format("%08d", number) .. save.after
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
    '{"requests":%d,"seconds":%f,"p99Ms":%f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
