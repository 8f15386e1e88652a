// Zendesk: tickets in, internal notes out, and a sweep for what webhooks lose. The one door to this folder.
import { createCaller } from '#integrations/call.ts';
import type { Integration, Probe } from '#integrations/contract.ts';
import { errorLine } from '#src/domain/errors.ts';
import type { Clock, Fetch, Log, Telemetry } from '#src/domain/ports.ts';
import { createNoteHandler } from './actions.ts';
import { createZendeskClient, SCOPES, toExternalError, type ZendeskClient } from './client.ts';
import { createInbound } from './inbound.ts';
import { createReconcile } from './reconcile.ts';

export interface ZendeskConfig {
  /** Your Zendesk's address: https://acme.zendesk.com. */
  baseUrl: string;
  clientId: string;
  clientSecret: string;
  /** Without it no webhook is accepted, and tickets come by the sweep alone. */
  webhookSecret: string | null;
}

export interface ZendeskDeps {
  fetch: Fetch;
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
}

/** Connects one Zendesk account. Nothing is asked of it until something needs it. */
export function createZendesk(config: ZendeskConfig, deps: ZendeskDeps): Integration {
  const baseUrl = config.baseUrl.replace(/\/+$/, '');
  const client = createZendeskClient(
    { ...config, baseUrl },
    { fetch: deps.fetch, clock: deps.clock, call: createCaller('zendesk', { ...deps, toExternalError }) },
  );
  return {
    id: 'zendesk',
    probe: () => probe(baseUrl, client),
    ...(config.webhookSecret === null
      ? {}
      : { inbound: createInbound({ baseUrl, webhookSecret: config.webhookSecret }, client) }),
    actions: { 'zendesk.note': createNoteHandler(baseUrl, client) },
    reconcile: createReconcile(baseUrl, client, deps.clock),
  };
}

async function probe(baseUrl: string, client: ZendeskClient): Promise<Probe> {
  const fix = `In Admin Center, Apps and integrations, APIs, OAuth clients: an admin makes a confidential client with the scopes ${SCOPES}.`;
  try {
    const me = await client.me();
    if (me === null) return { ok: false, detail: `${baseUrl} takes the token, but it belongs to nobody.`, fix };
    const who = `${me.name ?? 'somebody'} (${me.role ?? 'no role'}) at ${baseUrl}`;
    // Only admins may read the export, without which lost webhooks would stay lost.
    if (me.role !== 'admin') return { ok: false, detail: `${who} is not an admin.`, fix };
    return { ok: true, detail: who };
  } catch (error) {
    return { ok: false, detail: errorLine(error), fix };
  }
}
