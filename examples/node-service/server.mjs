// A service of your own behind the gateway, in plain Node. It believes X-Identity and nothing else: no network, no
// other header, no token of a client's.
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const NAME = process.env.NAME ?? "notes"; // the upstream's name in the route file, and so the audience of assertions
const MAX_TTL = 60; // seconds
const LEEWAY = 5; // seconds of clock difference that we put up with
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/; // the last part: the 64 bytes of ES256

// Only the gateway speaks for people, so only its keys are read from the trust file.
const { gateway } = JSON.parse(readFileSync(process.env.TRUST_FILE, "utf8"));
const keys = new Map(gateway.keys.map((jwk) => [jwk.kid, publicKey(jwk)]));

function publicKey(jwk) {
  const isOurs = jwk.kty === "EC" && jwk.crv === "P-256" && jwk.alg === "ES256" && jwk.use === "sig" && !("d" in jwk);
  if (!isOurs) throw new Error("only public P-256 keys for ES256 signatures are trusted");
  return createPublicKey({ key: jwk, format: "jwk" });
}

const decoded = (part) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));

/** Return the claims of a genuine assertion that the gateway made for this service, or null. */
function identify(token) {
  try {
    if (typeof token !== "string" || token.length > 8192 || !COMPACT.test(token)) return null;
    const [header, claims, signature] = token.split(".");
    const { typ, alg, kid, crit } = decoded(header);
    const key = keys.get(kid);
    if (typ !== "identity+jwt" || alg !== "ES256" || crit !== undefined || !key) return null;
    const signed = Buffer.from(`${header}.${claims}`);
    const ieee = { key, dsaEncoding: "ieee-p1363" }; // a JWS has r and s side by side, not in DER
    if (!verify("sha256", signed, ieee, Buffer.from(signature, "base64url"))) return null;
    const identity = decoded(claims);
    return isForUsNow(identity) ? identity : null;
  } catch {
    return null; // not JSON, or JSON of another shape
  }
}

function isForUsNow({ iss, aud, iat, exp, kind, sub }) {
  const now = Date.now() / 1000;
  const isFresh = Number.isInteger(iat) && Number.isInteger(exp) && iat <= now + LEEWAY && now < exp + LEEWAY;
  const isOne = (kind === "user" && typeof sub === "string" && sub !== "") || kind === "anonymous";
  return iss === "gateway" && aud === NAME && isFresh && exp - iat <= MAX_TTL && isOne;
}

function send(response, status, body, type = "application/json") {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "Content-Type": type, "Content-Length": bytes.length, "Cache-Control": "no-store" });
  response.end(bytes);
}

const server = createServer((request, response) => {
  const identity = identify(request.headers["x-identity"]); // two headers come joined, and match no form
  if (!identity) {
    const problem = { type: "about:blank", title: "Authentication is required", status: 401, code: "unauthenticated" };
    return send(response, 401, problem, "application/problem+json");
  }
  const { kind, sub, scope = "" } = identity;
  const scopes = scope.split(" ").filter(Boolean);
  send(response, 200, { kind, user_id: kind === "user" ? sub : null, scopes, path: request.url });
});

// Longer than the gateway keeps an idle connection (30 s): closing first would cost a request that is on its way.
server.keepAliveTimeout = 75_000;
server.headersTimeout = 80_000;
server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () => {
  console.log(`${NAME} listens on http://127.0.0.1:${server.address().port}`);
});
process.once("SIGTERM", () => server.close());
