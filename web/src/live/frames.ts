/** The frames of `/v1/live`, version 1. Times are integer milliseconds UTC. */

export type Position = readonly [epoch: number, seq: number];
export type Change = readonly [kind: string, id: string, object: unknown];

export type ServerFrame =
  | { type: 'welcome'; server_ms: number; simulated: boolean; account?: unknown }
  | { type: 'snapshot'; topic: string; epoch: number; seq: number; server_ms: number; state: Record<string, Record<string, unknown>> }
  | { type: 'resume'; topic: string; epoch: number; seq: number; server_ms: number }
  | {
      type: 'delta';
      topic: string;
      epoch: number;
      seq: number;
      prev: number;
      server_ms: number;
      changes: Change[];
      lines?: string[];
    }
  | { type: 'tick'; server_ms: number; feed_ms: number | null; planner_late_since_ms?: number | null }
  | { type: 'bye'; code: string | number; again: boolean };

export type ClientFrame =
  | { type: 'hello'; v: 1; topics: string[]; last: Record<string, Position> }
  | { type: 'ack'; topic: string; seq: number }
  | { type: 'ping' };
