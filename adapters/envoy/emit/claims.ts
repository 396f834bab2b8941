import { any, type Message } from './message.ts';
import { type NamedProvider, tokenHeader } from './tokens.ts';

/**
 * Makes verified claims into headers, and takes tokens away that are not to go on. It follows `src/proxy/auth/claims.ts`, because
 * Envoy's own `claim_to_headers` writes lists in base64 and takes a dot in a claim's name for a path.
 */
const script = `
local function scalar(value)
  local kind = type(value)
  if kind == "boolean" then return tostring(value) end
  if kind == "number" then
    for digits = 15, 17 do
      local text = string.format("%." .. digits .. "g", value)
      if tonumber(text) == value then return text end
    end
  end
  if kind == "string" and (value:match("^[!-~]$") or value:match("^[!-~][ -~]*[!-~]$")) then return value end
end

local function text(value)
  if type(value) ~= "table" then return scalar(value) end
  local parts = {}
  for _, item in ipairs(value) do
    local part = scalar(item)
    if part == nil or part:find(",", 1, true) then return nil end
    parts[#parts + 1] = part
  end
  if #parts > 0 then return table.concat(parts, ",") end
end

function envoy_on_request(handle)
  local verified = handle:streamInfo():dynamicMetadata():get("envoy.filters.http.jwt_authn")
  if verified == nil then return end
  local headers = handle:headers()
  for _, provider in ipairs(providers) do
    local payload = verified[provider.name]
    if payload ~= nil then
      if provider.consumed then headers:remove(provider.consumed) end
      for _, field in ipairs(provider.fields) do
        local value = text(payload[field.claim])
        if value ~= nil then headers:replace(field.header, value) end
      end
    end
  end
end
`;

/** The most specific policy comes first and has the last word. */
export function claimsFilter(providers: readonly NamedProvider[]): Message {
  const entries = providers.toReversed().map(({ name, jwt }) => {
    const fields = Object.entries(jwt.claimHeaders).map(
      ([claim, header]) => `{claim=${quoted(claim)}, header=${quoted(header)}}`,
    );
    const consumed = jwt.forward ? 'false' : quoted(tokenHeader(jwt));
    return `  {name=${quoted(name)}, consumed=${consumed}, fields={${fields.join(', ')}}},`;
  });
  const inlineString = `local providers = {\n${entries.join('\n')}\n}\n${script}`;
  return {
    name: 'claims',
    typedConfig: any('envoy.extensions.filters.http.lua.v3.Lua', { defaultSourceCode: { inlineString } }),
  };
}

/** Bytes as Lua reads them, whatever they are. */
function quoted(text: string): string {
  const bytes = [...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`);
  return /^[ !#-[\]-~]*$/.test(text) ? `"${text}"` : `"${bytes.join('')}"`;
}
