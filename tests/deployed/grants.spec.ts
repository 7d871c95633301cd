import { expect, test } from "@playwright/test";

import { leaveDeadLetters } from "./support/dead-letters.ts";
import { feed, Steps, scheduled } from "./support/direct.ts";
import { Drive, FOLDER } from "./support/drive.ts";
import { type File, put, Samples } from "./support/files.ts";
import { chance, Person } from "./support/people.ts";
import { denials, type Right, Role } from "./support/rights.ts";
import { deployed } from "./support/stack.ts";
import { purge } from "./support/state.ts";
import { STATEMENT_NEEDS } from "./support/statement-steps.ts";
import { deadLettersOf, queuesOf } from "./support/topology.ts";

const DRIVE = { folder_id: FOLDER };

interface World {
  steps: Steps;
  person: Person;
  /** An upload, the alternative to a prefix as source of a scan. */
  upload: string;
  /** The files of the upload. */
  files: File[];
  google: Drive;
  /** A finished scan with one result long enough for its own object. */
  complete: string;
}

/** An operation that needs a grant: the first matching one runs without the grant. */
interface Need {
  of: string;
  /** Matches actions and resources in the notation of `Right.words` after the function. */
  right: RegExp;
  by(world: World): Promise<unknown>;
}

/** Indexes of the files of the prefix: 0 is unreadable, 1 has a result in an object, 2 is a drawing. */
const [LONG, DRAWING] = [1, 2];
const PREFIX = { prefix: "drawings/" };
const CLEAN = { prefix: "drawings/assembly" };
const drive = ({ google }: World) => ({ ...DRIVE, token: google.token });

const NEEDS: Need[] = [
  { of: "websocket-authorizer", right: /dynamodb/, by: ({ person }) => person.connect().catch(() => undefined) },
  { of: "websocket-connect", right: /dynamodb/, by: ({ steps }) => steps.connection() },
  {
    of: "websocket-disconnect",
    right: /dynamodb/,
    by: async ({ steps }) => steps.socket("websocket-disconnect", await steps.connection()),
  },

  { of: "websocket-default", right: /tokens|kms/, by: async (world) => cancelled(world, drive(world)) },
  {
    of: "websocket-default",
    right: /GetObject objects\/codes/,
    by: async ({ steps }) => steps.start({ retry_of: await steps.complete(PREFIX) }),
  },
  { of: "websocket-default", right: /objects\/upload/, by: ({ steps, upload }) => steps.start({ upload_id: upload }) },
  {
    of: "websocket-default",
    right: /GetObject|Query table\/scan/,
    by: ({ steps, complete }) => steps.act({ action: "resume", session_id: complete }),
  },
  { of: "websocket-default", right: /UpdateItem|connections/, by: (world) => cancelled(world, PREFIX) },
  { of: "websocket-default", right: /./, by: ({ steps }) => steps.start(PREFIX) },

  { of: "api", right: /PutItem table\/tickets/, by: ({ person }) => person.ask("POST", "/api/tickets") },
  { of: "api", right: /tenant|BatchGetItem/, by: ({ person }) => person.ask("GET", "/api/scans") },
  { of: "api", right: /PutObject|uploads\/\*|uploaded\/\*|Multipart/, by: ({ person }) => uploaded(person) },
  {
    of: "api",
    right: /(codes|manifests)\/\*/,
    by: async ({ steps, person }) => {
      // A session that the function has not cached.
      const session = await steps.running(PREFIX);
      await steps.read(session, LONG);
      for (const of of ["matches", "codes"]) await person.ask("GET", `/api/scans/${session}/${of}`);
    },
  },
  { of: "api", right: /reports|files\/\*/, by: ({ person, complete }) => downloads(person, complete) },
  {
    of: "api",
    right: /tokens|kms/,
    by: async (world) => {
      const running = await world.steps.running(drive(world));
      await world.steps.read(running, DRAWING);
      await world.person.ask("GET", `/api/scans/${running}/files/${DRAWING}/pages/1.png`);
    },
  },
  {
    of: "api",
    right: /sqs:/,
    by: async ({ person, complete }) => {
      // An earlier call that was denied may still be receiving and take a message: then this request succeeds.
      for (let tries = 0, succeeds = true; succeeds && tries < 3; tries++) {
        await leaveDeadLetters(person.tenant, complete);
        // Messages of another tenant, which are returned to the queue.
        await leaveDeadLetters(`t-${chance()}`, chance());
        succeeds = (await person.ask("POST", "/api/dead-letters/redrive", {})).ok;
      }
    },
  },
  {
    of: "api",
    right: /UpdateItem table\/scan/,
    by: async ({ steps, person }) => person.ask("DELETE", `/api/scans/${await steps.complete(CLEAN)}`),
  },
  { of: "api", right: /./, by: ({ person, complete }) => person.ask("GET", `/api/scans/${complete}/matches`) },

  {
    of: "scan-dispatcher",
    right: /DeleteObject|DeleteItem table\/scan|ListBucket objects$/,
    by: async ({ steps, person, files }) => {
      // The only scan of its upload, with objects below each prefix.
      const session = await steps.complete({ upload_id: await person.upload(files), options: { evidence: true } });
      await person.ask("DELETE", `/api/scans/${session}`);
      await steps.dispatch(session);
    },
  },
  { of: "scan-dispatcher", right: /GetItem table\/tokens|kms/, by: async (world) => dispatched(world, drive(world)) },
  {
    of: "scan-dispatcher",
    right: /tokens|sns/,
    by: async (world) => {
      const session = await world.steps.listing(drive(world));
      await world.steps.age(session, "dl", 1);
      await world.steps.dispatch(session);
    },
  },
  {
    of: "scan-dispatcher",
    right: /PutItem table\/scan|Query table\/scan|results\/|GetObject objects\/(codes|manifests)|files\/\*/,
    by: async (world) => dispatched(world, { retry_of: world.complete }),
  },
  {
    of: "scan-dispatcher",
    right: /objects\/upload/,
    by: async (world) => dispatched(world, { upload_id: world.upload }),
  },
  {
    of: "scan-dispatcher",
    right: /uploads\/uploaded/,
    // The files of an upload come from its list; a retry checks each failed file.
    by: async (world) => dispatched(world, { retry_of: await world.steps.complete({ upload_id: world.upload }) }),
  },
  {
    of: "scan-dispatcher",
    right: /finish/,
    // The retry of a scan without failed files has nothing to read.
    by: async (world) => dispatched(world, { retry_of: await world.steps.complete(CLEAN) }),
  },
  { of: "scan-dispatcher", right: /./, by: async (world) => dispatched(world, PREFIX) },

  ...["scan-worker", "scan-quarantine"].flatMap((of): Need[] => [
    { of, right: /tokens|kms/, by: async (world) => read(of, world, drive(world)) },
    { of, right: /uploads\/uploaded/, by: async (world) => read(of, world, { upload_id: world.upload }) },
    {
      of,
      right: /GetObject objects\/results/,
      by: async (world) => {
        const session = await world.steps.running(PREFIX);
        await world.steps.read(session, LONG);
        await world.steps.differ(session, LONG);
        await world.steps.audience(session);
        await world.steps.message(of, { session_id: session, index: LONG });
      },
    },
    {
      of,
      right: /DeleteItem table\/scan/,
      by: async (world) => {
        const session = await world.steps.running(drive(world));
        world.google.expired = true;
        await world.steps.message(of, { session_id: session, index: DRAWING });
      },
    },
    {
      of,
      right: /Query table\/scan/,
      // A redelivered message: the file may have been read already.
      by: async ({ steps }) => steps.message(of, { session_id: await steps.running(PREFIX), index: 0 }, 2),
    },
    { of, right: /./, by: async (world) => read(of, world, PREFIX) },
  ]),

  {
    of: "scan-finisher",
    right: /tokens|kms/,
    by: async (world) => finished(world, { ...drive(world), options: { evidence: true } }),
  },
  {
    of: "scan-finisher",
    right: /crops|uploads\/files/,
    by: async (world) => finished(world, { ...PREFIX, options: { evidence: true } }),
  },
  {
    of: "scan-finisher",
    right: /uploads\/uploaded/,
    by: async (world) => finished(world, { upload_id: world.upload, options: { evidence: true } }),
  },
  { of: "scan-finisher", right: /./, by: async (world) => finished(world, PREFIX) },

  {
    of: "scan-sweeper",
    right: /SendMessage .*dispatch/,
    by: async ({ steps }) => swept(steps, await steps.listing(PREFIX), "pa"),
  },
  {
    of: "scan-sweeper",
    right: /SendMessage .*work/,
    by: async ({ steps }) => swept(steps, await steps.running(PREFIX), "pa"),
  },
  {
    of: "scan-sweeper",
    right: /SendMessage .*finish/,
    by: async ({ steps }) => swept(steps, await steps.full(PREFIX)),
  },
  {
    of: "scan-sweeper",
    right: /GetObject objects\/results/,
    by: async ({ steps }) => {
      const session = await steps.running(PREFIX);
      await steps.read(session, LONG);
      // The worker stored the result and crashed before marking it.
      await steps.unmark(session);
      await swept(steps, session, "dl");
    },
  },
  { of: "scan-sweeper", right: /./, by: async ({ steps }) => swept(steps, await steps.running(PREFIX), "dl") },

  {
    of: "scan-scheduler",
    right: /./,
    by: ({ steps, person }) =>
      steps.invoke(
        "scan-scheduler",
        scheduled(
          {
            ...{ name: `n-${chance()}`, tenant: person.tenant, prefix: "drawings/", codes: ["HOLE-1"] },
            ...{ options: {}, scheduled_time: "2026-11-22T06:00:00Z", execution_id: chance() },
          },
          "scan.scheduled",
        ),
      ),
  },
];

/** Grants that the emulator does not check, and why. */
const UNSEEN: [RegExp, string][] = [
  [/ logs:(CreateLogStream|PutLogEvents) /, "it writes the logs of functions itself"],
  [/ xray:/, "it has no X-Ray: functions send no traces"],
  [
    /^(?!api ).* sqs:(ReceiveMessage|DeleteMessage|ChangeMessageVisibility|GetQueue\w+) /,
    "it reads queues for functions itself",
  ],
  [/^audit-consumer events:PutEvents /, "it publishes only if a table fails permanently"],
  [
    /^api s3:AbortMultipartUpload /,
    "needed only if two processes begin the same file at the same moment, which a test cannot time",
  ],
  [/^api s3:PutObject uploads\/statements/, "it accepts a signed form whatever the permissions of its signer"],
  [/^(?!scan-dispatcher ).* s3:ListBucket /, "it answers 404 for a missing object to every caller"],
];

async function cancelled({ steps }: World, of: object) {
  const session = await steps.listing(of);
  await steps.audience(session);
  await steps.act({ action: "cancel_scan", session_id: session });
}

async function dispatched({ steps }: World, of: object) {
  const session = await steps.listing(of);
  await steps.audience(session);
  await steps.dispatch(session);
}

async function read(who: string, { steps }: World, of: object) {
  const session = await steps.running(of);
  await steps.audience(session);
  for (const index of [0, LONG, DRAWING]) await steps.message(who, { session_id: session, index });
}

async function finished({ steps }: World, of: object) {
  const session = await steps.full(of);
  await steps.audience(session);
  await steps.finish(session);
}

/** `aged`: the time of the session that is moved into the past. */
async function swept(steps: Steps, session: string, aged?: "dl" | "pa") {
  await steps.audience(session);
  if (aged) await steps.age(session, aged, 48);
  await steps.sweep();
}

async function uploaded(person: Person) {
  const small = { name: "small.txt", content: Buffer.from("HOLE-1") };
  const large = { name: "large.txt", content: Buffer.alloc(9 << 20, "a ") };
  const id = await person.upload([small, large]).catch(() => undefined);
  if (id !== undefined) await person.ask("GET", `/api/uploads/${id}`);
}

async function downloads(person: Person, session: string) {
  for (const of of ["report", "files/0"]) {
    const answer = await person.ask("POST", `/api/scans/${session}/${of}/link`);
    if (answer.ok) await fetch(((await answer.json()) as { url: string }).url);
  }
}

test("each grant of each function is needed", async () => {
  test.setTimeout(900_000);
  const samples = Samples.make(2, 4);
  const codes = samples.key.codes;
  // More matches than fit into one item.
  const long = Array.from({ length: 300 }, (_, at) => `${codes[at % codes.length]} in line ${at}`).join("\n");
  const files: File[] = [
    { name: "a-cut.pdf", content: Buffer.from("%PDF-1.7\n1 0 obj\n<< /Type /Catalog") },
    { name: "a-long.txt", content: Buffer.from(long) },
    ...samples.files.slice(0, 1),
  ];
  const google = await Drive.with(files);
  const person = await Person.of(`t-${chance()}`);
  await put(person.tenant, "drawings", files);
  const all = await deployed();
  const steps = new Steps(all, person, codes);
  await feed(false);
  try {
    const upload = await person.upload(files);
    const world = { steps, person, upload, files, google, complete: await steps.complete(PREFIX) };
    const [seen, unseen]: [string[], string[]] = [[], []];
    for (const one of all.values()) {
      const role = await Role.of(one);
      for (const right of role.rights) {
        const need = needOf(right);
        const isSeen = need !== undefined && (await isNeeded(role, right, need, world));
        (isSeen ? seen : unseen).push(right.words);
      }
    }
    const known = (words: string) => UNSEEN.some(([pattern]) => pattern.test(words));
    expect(
      unseen.filter((words) => !known(words)),
      "grants that no operation needs",
    ).toEqual([]);
    expect(seen.filter(known), "grants that the emulator does check").toEqual([]);
    console.log(`   ${seen.length} grants are needed, ${unseen.length} are not checked by the emulator`);
  } finally {
    for (const queue of [...queuesOf(), ...deadLettersOf()]) await purge(queue);
    await feed(true);
    await google.close();
  }
});

function needOf({ of, words }: Right): Need | undefined {
  const right = words.slice(of.length + 1);
  if (/^(logs|xray):/.test(right)) return undefined;
  if (of !== "api" && /^sqs:(Receive|Delete|Change|Get)/.test(right)) return undefined;
  return [...STATEMENT_NEEDS, ...NEEDS].find((need) => need.of === of && need.right.test(right));
}

async function isNeeded(role: Role, right: Right, need: Need, world: World): Promise<boolean> {
  const before = denials().length;
  await role.without(right, async () => {
    // A denial may make the operation itself fail.
    await need.by(world).catch(() => undefined);
    world.google.expired = false;
  });
  return role.denied(right, before);
}
