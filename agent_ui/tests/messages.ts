/** One of each message, for tests to change. */

import type {
  Me,
  PresenceNow,
  QueuesNow,
  RingEnded,
  RingNow,
  TalkNow,
  WrapUpNow,
} from "../src/wire/made";

export const ME: Me = {
  adviser: "nia",
  name: "Nia Prosser",
  role: "adviser",
  language: "en-GB",
  queues: [
    {
      queue: "tax.pay.en",
      titles: { "en-GB": "Tax: paying", cy: "Treth: talu" },
      outcomes: [
        { code: "plan", titles: { "en-GB": "Plan agreed", cy: "Cynllun wedi’i gytuno" } },
        { code: "wrong", titles: { "en-GB": "Wrong queue", cy: "Ciw anghywir" } },
      ],
    },
  ],
  away_reasons: ["break", "lunch"],
  ice_servers: [],
  chats_max: 0,
  chats_beside_call_max: 1,
};

export const RING: RingNow = {
  kind: "ring",
  call: "call-abc123",
  token: 17,
  node_url: "ws://node.example/leg",
  ticket: "ticket-1",
  line: "tax",
  queue: "tax.pay.en",
  language: "cy",
  waited_ms: 61_000,
  callback: null,
  ring_ms: 20_000,
  journey: [
    {
      at_ms: 1_763_000_000_000,
      words: { "en-GB": "Called from the web page", cy: "Ffonio o'r dudalen we" },
    },
  ],
};

export const RING_ENDED: RingEnded = {
  kind: "ring_ended",
  call: RING.call,
  token: RING.token,
  lapse: "no_answer",
};

export const TALK: TalkNow = {
  kind: "talk",
  call: RING.call,
  token: RING.token,
  talked_ms: 0,
  ring: null,
};

export const WRAP_UP: WrapUpNow = {
  kind: "wrap_up",
  call: RING.call,
  queue: RING.queue,
  left_ms: 90_000,
  outcome: null,
  notes: "",
  version: 0,
};

export const QUEUES: QueuesNow = {
  kind: "queues",
  queues: [{ queue: "tax.pay.en", waiting_count: 3, longest_ms: 65_000 }],
};

export function presence(state: PresenceNow["state"], reason: PresenceNow["reason"] = null) {
  return { kind: "presence", state, reason, since_ms: 2_000 } as const;
}
