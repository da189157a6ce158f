-- Verifies a JWT with OpenSSL and counts its user's requests in shared memory.
local cjson = require "cjson.safe"
local decode = require("ngx.base64").decode_base64url
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local pkey = require "openssl.pkey"

local function unauthorised()
    ngx.header["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return ngx.exit(401)
end

-- A JWS has r and s side by side; OpenSSL wants them as DER.
local function integer(bytes)
    bytes = bytes:gsub("^%z+", "")
    if bytes == "" or bytes:byte() > 127 then bytes = "\0" .. bytes end
    return "\2" .. string.char(#bytes) .. bytes
end

local function der(signature)
    local pair = integer(signature:sub(1, 32)) .. integer(signature:sub(33))
    return "\48" .. string.char(#pair) .. pair
end

local public = settings.algorithm == "ES256" and (settings.public or pkey.new(settings.key))
settings.public = public

local verify = {
    HS256 = function(signed, signature)
        return hmac.new(settings.key, "sha256"):final(signed) == signature
    end,
    ES256 = function(signed, signature)
        return #signature == 64 and public:verify(der(signature), digest.new("sha256"):update(signed))
    end,
}

local signed, head, body, signature = (ngx.var.http_authorization or ""):match("^Bearer (([%w_-]+)%.([%w_-]+))%.([%w_-]+)$")
if not signed then return unauthorised() end
local header = cjson.decode(decode(head) or "")
if not header or header.alg ~= settings.algorithm then return unauthorised() end
signature = decode(signature)
if not signature or not verify[header.alg](signed, signature) then return unauthorised() end
local claims = cjson.decode(decode(body) or "")
if not claims or claims.iss ~= settings.issuer or claims.aud ~= settings.audience or claims.exp <= ngx.time() then
    return unauthorised()
end
if ngx.shared.limits:incr(claims.sub, 1, 0, 60) > settings.limit then return ngx.exit(429) end
ngx.req.set_header("X-User-Id", claims.sub)
