// SecureAuth over HTTP: at most 8 requests in flight, three attempts per call.
import { Pool } from 'undici';

const IN_FLIGHT = 8;
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 500;
const TOKEN_MARGIN_MS = 60_000;

export class SecureAuth {
  #pool;
  #credentials;
  #token;
  #renewAt = 0;

  constructor(settings) {
    this.tenant = settings.SECUREAUTH_TENANT_ID;
    this.schema = settings.SECUREAUTH_PAYLOAD_SCHEMA_ID;
    const pair = `${settings.SECUREAUTH_CLIENT_ID}:${settings.SECUREAUTH_CLIENT_SECRET}`;
    this.#credentials = `Basic ${Buffer.from(pair).toString('base64')}`;
    this.#pool = new Pool(settings.SECUREAUTH_BASE_URL, { connections: IN_FLIGHT, pipelining: 1 });
  }

  /** `undefined` for 404. */
  organization(id) {
    return this.#call('GET', `/api/system/${this.tenant}/organizations/${id}`);
  }

  createOrganization(body, key) {
    return this.#call('POST', `/api/system/${this.tenant}/organizations`, body, { 'x-idempotency-key': key });
  }

  updateOrganization({ body, etag }) {
    const path = `/api/system/${this.tenant}/organizations/${body.id}`;
    return this.#call('PUT', path, body, etag === undefined ? {} : { 'if-match': etag });
  }

  /** `undefined` for 404. */
  pool(id) {
    return this.#call('GET', `/api/identity/${this.tenant}/system/pools/${id}`);
  }

  createPool(body, key) {
    return this.#call('POST', `/api/identity/${this.tenant}/system/pools?with_idp=true`, body, {
      'x-idempotency-key': key,
    });
  }

  importUsers(body) {
    return this.#call('PUT', `/api/identity/${this.tenant}/configuration`, body);
  }

  async #call(method, path, body, headers = {}) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#attempt(method, path, text, headers).catch((error) => ({ error }));
      if (answer.error === undefined && answer.status < 300) return answer;
      if (method === 'GET' && answer.status === 404) return undefined;
      const lasting = answer.status >= 400 && answer.status < 500 && ![401, 429].includes(answer.status);
      if (lasting || attempt === ATTEMPTS) {
        throw new Error(`${method} ${path}: ${answer.status ?? answer.error}`);
      }
      if (answer.status === 401) this.#renewAt = 0;
      await new Promise((wake) => setTimeout(wake, Math.random() * FIRST_PAUSE_MS * 2 ** (attempt - 1)));
    }
  }

  async #attempt(method, path, body, headers) {
    const authorization = `Bearer ${await this.#accessToken()}`;
    const content = body === undefined ? {} : { 'content-type': 'application/json' };
    const all = { authorization, accept: 'application/json', ...content, ...headers };
    return this.#request({ method, path, headers: all, body });
  }

  async #request(options) {
    const answer = await this.#pool.request(options);
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      etag: answer.headers.etag,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  /** All callers wait for one request. */
  #accessToken() {
    if (Date.now() >= this.#renewAt) {
      this.#renewAt = Infinity;
      this.#token = this.#newToken();
    }
    return this.#token;
  }

  async #newToken() {
    try {
      const { status, body } = await this.#request({
        method: 'POST',
        path: `/${this.tenant}/system/oauth2/token`,
        headers: { authorization: this.#credentials, 'content-type': 'application/x-www-form-urlencoded' },
        body: 'grant_type=client_credentials',
      });
      if (status !== 200) throw new Error(`token: ${status}`);
      this.#renewAt = Date.now() + body.expires_in * 1000 - TOKEN_MARGIN_MS;
      return body.access_token;
    } catch (error) {
      this.#renewAt = 0;
      throw error;
    }
  }
}
