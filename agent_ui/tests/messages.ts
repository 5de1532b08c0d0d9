/** One of each message, for tests to change. */

import type {
  Board,
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
  chats_beside_call_max: 1,
  may_use_phone: false,
  may_have_rung: false,
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
  consulted_by: null,
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
  colleagues: [
    { adviser: "bryn", state: "ready" },
    { adviser: "trevor", state: "talking" },
  ],
  outside: [{ outside: "council-tax", titles: { "en-GB": "Council tax", cy: "Treth y cyngor" } }],
};

export function presence(state: PresenceNow["state"], reason: PresenceNow["reason"] = null) {
  return { kind: "presence", state, reason, since_ms: 2_000 } as const;
}

export const BOARD: Board = {
  queues: [
    {
      queue: "a",
      title: "Signing in",
      waiting_count: 1,
      longest_ms: 9_000,
      ready_count: 2,
      overflows_to: null,
      callbacks_count: 0,
    },
    {
      queue: "b",
      title: "Paying",
      waiting_count: 4,
      longest_ms: 95_000,
      ready_count: 0,
      overflows_to: "General",
      callbacks_count: 0,
    },
  ],
  advisers: { ready: 2, talking: 3, offline: 9 },
  nodes: [{ node: "media-1", site: "north", state: "draining", legs_count: 3, legs_max: 200 }],
  coming_back_count: 0,
  is_storm: false,
  today: {
    offered_count: 20,
    handled_count: 8,
    abandoned_count: 2,
    deflected_count: 1,
    callback_count: 0,
    left_in_menu_count: 1,
    closed_count: 0,
    system_lost_count: 0,
    in_progress_count: 8,
    answered_within_target_count: 6,
    target_ms: 300_000,
    callbacks_kept_count: 0,
    callbacks_broken_count: 0,
  },
  lines: [],
};
