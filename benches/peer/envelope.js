// What the host sends and expects (docs/reference/functions-host.md).

export function httpRequest(envelope) {
  const { Method: method, Params: parameters, Body: body } = envelope.Data.req;
  return { method, billerId: parameters.billerId, body };
}

/** The host encodes the message's text as JSON once more. */
export function queueText(envelope) {
  const text = envelope.Data.message;
  const decoded = JSON.parse(text);
  return typeof decoded === 'string' ? decoded : text;
}

export function httpAnswer(statusCode, body, headers = {}) {
  const all = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers };
  return { Outputs: { res: { statusCode, headers: all, body: JSON.stringify(body) } }, Logs: [], ReturnValue: null };
}

export function messages(texts) {
  return { Outputs: texts.length === 0 ? {} : { migrateUsers: texts }, Logs: [], ReturnValue: null };
}
