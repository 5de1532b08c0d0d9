/** One of each message, for tests to change. */

import type {
  Me,
  PresenceNow,
  QueuesNow,
  RingEnded,
  RingNow,
  TalkNow,
  TransferTargets,
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

export const TARGETS: TransferTargets = {
  targets: [
    {
      queue: "tax.pay.en",
      titles: { "en-GB": "Tax: paying", cy: "Treth: talu" },
      line_titles: { "en-GB": "Tax helpline", cy: "Llinell gymorth treth" },
      is_open: true,
      waiting_count: 3,
      ready_count: 1,
    },
    {
      queue: "parks.trees.en",
      titles: { "en-GB": "Trees", cy: "Coêd" },
      line_titles: { "en-GB": "Parks", cy: "Parciau" },
      is_open: true,
      waiting_count: null,
      ready_count: null,
    },
    {
      queue: "parks.ponds.en",
      titles: { "en-GB": "Ponds", cy: "Pyllau" },
      line_titles: { "en-GB": "Parks", cy: "Parciau" },
      is_open: false,
      waiting_count: 0,
      ready_count: 0,
    },
  ],
};

export function presence(state: PresenceNow["state"], reason: PresenceNow["reason"] = null) {
  return { kind: "presence", state, reason, since_ms: 2_000 } as const;
}
