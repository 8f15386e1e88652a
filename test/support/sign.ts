// Requests as the vendors send them, signed as they sign them; for tests that then bend them.
import { createHmac } from 'node:crypto';

/** A request before it is sent. */
export interface Outgoing {
  path: string;
  headers: Record<string, string>;
  body: string;
}

const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text);

/** `POST /slack/events`. A string goes out as it is, as JSON; a form is a click or a command. */
export function fromSlack(secret: string, body: object | string, at: Date, form = false): Outgoing {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const text =
    typeof body === 'string'
      ? body
      : form
        ? new URLSearchParams({ payload: JSON.stringify(body) }).toString()
        : JSON.stringify(body);
  return {
    path: '/slack/events',
    headers: {
      'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${hmac(secret, `v0:${timestamp}:${text}`).digest('hex')}`,
    },
    body: text,
  };
}

/** `POST /webhooks/zendesk`. */
export function fromZendesk(secret: string, body: object | string, at: Date): Outgoing {
  const timestamp = at.toISOString();
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    path: '/webhooks/zendesk',
    headers: {
      'content-type': 'application/json',
      'x-zendesk-webhook-signature': hmac(secret, timestamp + text).digest('base64'),
      'x-zendesk-webhook-signature-timestamp': timestamp,
    },
    body: text,
  };
}

/** `POST /webhooks/linear`; the time is inside what is signed. */
export function fromLinear(secret: string, body: object | string, at: Date, deliveryId = 'delivery-1'): Outgoing {
  const text = typeof body === 'string' ? body : JSON.stringify({ ...body, webhookTimestamp: at.getTime() });
  return {
    path: '/webhooks/linear',
    headers: {
      'content-type': 'application/json',
      'linear-delivery': deliveryId,
      'linear-signature': hmac(secret, text).digest('hex'),
    },
    body: text,
  };
}
