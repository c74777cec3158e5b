// The custom handler: the host calls it over HTTP on the port that it names.
import { createServer } from 'node:http';
import { Database } from './database.js';
import { httpAnswer, httpRequest, messages, queueText } from './envelope.js';
import { onboard } from './onboarding.js';
import { SecureAuth } from './secureauth.js';

const QUEUED = 'queued';
const database = new Database(process.env.DATABASE.replace(/^sqlite:/, ''));
const secureauth = new SecureAuth(process.env);

/** POST starts a run, GET shows the latest one. */
function onboardBiller(envelope) {
  const request = httpRequest(envelope);
  const statusUrl = `/api/billers/${request.billerId}/ciam`;
  if (request.method === 'GET') {
    const run = database.latestRun(request.billerId);
    const status = run === undefined ? 'not_enabled' : run.state === 'succeeded' ? 'active' : 'processing';
    return httpAnswer(200, { billerId: request.billerId, status, onboarding: run ?? null });
  }
  let event;
  try {
    event = JSON.parse(request.body);
  } catch {
    return httpAnswer(400, { code: 'bad_request' });
  }
  if (event.ciamEnabled !== true || typeof event.requestedBy !== 'string' || event.requestedBy.trim() === '') {
    return httpAnswer(400, { code: 'bad_request' });
  }
  if (database.biller(request.billerId) === undefined) {
    return httpAnswer(404, { code: 'biller_not_found' });
  }
  const run = database.accept(request.billerId, QUEUED);
  const body = { onboardingId: run.id, billerId: run.biller_id, kind: 'enable', status: 'processing', statusUrl };
  const answer = httpAnswer(202, body, { location: statusUrl, 'retry-after': '2' });
  answer.Outputs.migrateUsers = [JSON.stringify({ v: 1, onboardingId: run.id })];
  return answer;
}

/** Works on the run that the message names until it has ended. */
async function migrateUsers(envelope) {
  const { onboardingId } = JSON.parse(queueText(envelope));
  const run = database.run(onboardingId);
  if (run !== undefined && run.state !== 'succeeded') {
    await onboard(database, secureauth, run);
  }
  return messages([]);
}

const functions = {
  '/function-onboard-biller': onboardBiller,
  '/function-migrate-users': migrateUsers,
  '/function-recover-onboardings': () => messages([]),
};

async function serve(request, response) {
  if (request.method === 'GET') {
    response.end('ready');
    return;
  }
  const work = functions[request.url];
  if (work === undefined) {
    response.writeHead(404).end();
    return;
  }
  try {
    const parts = [];
    for await (const part of request) parts.push(part);
    const answer = JSON.stringify(await work(JSON.parse(Buffer.concat(parts).toString('utf8'))));
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  } catch (error) {
    // The host delivers the message again.
    console.error(`ERROR ${request.url}: ${error.stack}`);
    response.writeHead(500).end();
  }
}

createServer(serve).listen(Number(process.env.FUNCTIONS_CUSTOMHANDLER_PORT), '127.0.0.1');
