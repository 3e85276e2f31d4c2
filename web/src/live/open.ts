import { data, server } from '../api/http';
import { LiveClient } from './client.svelte';

/** Opens a topic with a fresh ticket at every connection. */
export function openLive(topic: string, more: { connected?: () => void; refused?: (code: string) => void } = {}): LiveClient {
  return new LiveClient({
    topic,
    ticket: async () => (await data(server.POST('/v1/live/tickets'))).ticket,
    ...more,
  });
}
