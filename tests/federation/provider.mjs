// An OpenID provider by somebody else's hand, for the tests beside: whoever signs in as NAME is NAME@example.org, and
// verified unless the name begins with "unverified". PORT, and CALLBACKS as JSON: client id -> redirect URI.

import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const { PORT, CALLBACKS } = process.env;
const issuer = `http://127.0.0.1:${PORT}`;

const ALGORITHMS = {
  RS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  EdDSA: ["ed25519", {}],
};

const keys = Object.entries(ALGORITHMS).map(([alg, [type, options]]) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }),
  alg,
  use: "sig",
  kid: alg,
}));

// Each client has another algorithm; the last one is public, so that its proof key is all that it shows.
const clients = Object.entries(JSON.parse(CALLBACKS)).map(([client_id, redirect_uri], index, all) => ({
  client_id,
  redirect_uris: [redirect_uri],
  response_types: ["code"],
  grant_types: ["authorization_code"],
  id_token_signed_response_alg: Object.keys(ALGORITHMS)[index % keys.length],
  ...(index === all.length - 1
    ? { token_endpoint_auth_method: "none" }
    : { client_secret: `s3cret of ${client_id} & more`, token_endpoint_auth_method: "client_secret_basic" }),
}));

const provider = new Provider(issuer, {
  clients,
  jwks: { keys },
  cookies: { keys: ["for tests only"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  enabledJWA: { idTokenSigningAlgValues: Object.keys(ALGORITHMS) },
  conformIdTokenClaims: process.env.EMAIL_IN_ID_TOKEN !== "yes",
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.org`, email_verified: !id.startsWith("unverified") }),
  }),
});

provider.listen(Number(PORT), "127.0.0.1", () => console.log(`listening at ${issuer}`));
