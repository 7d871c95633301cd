// Runs a scan in single steps: invokes functions directly with events in the form of AWS, while no queue feeds them.

import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";

import type { Person } from "./people.ts";
import { chance } from "./people.ts";
import { type Deployed, functions, outputs, tables } from "./stack.ts";
import { sessionItem } from "./state.ts";

/** Enables or disables all event source mappings. */
export async function feed(enabled: boolean): Promise<void> {
  const { EventSourceMappings = [] } = await functions.send(new ListEventSourceMappingsCommand({}));
  for (const { UUID } of EventSourceMappings) {
    await functions.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: enabled }));
  }
}

/** Returns an event in the form of EventBridge. */
export const scheduled = (detail: object, kind: string) => ({
  ...{ version: "0", id: chance(), source: "aws.events", "detail-type": kind, detail, resources: [] },
  ...{ time: "2026-11-22T06:00:00Z", account: "000000000000", region: "us-east-1" },
});

export class Steps {
  constructor(
    private readonly deployed: Map<string, Deployed>,
    private readonly person: Person,
    private readonly codes: string[],
  ) {}

  /** Invokes a function and returns its answer, also an error. */
  async invoke(id: string, event: object): Promise<string> {
    const FunctionName = this.deployed.get(id)?.name ?? "";
    const { Payload } = await functions.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));
    const said = new TextDecoder().decode(Payload);
    if (said.includes("missing field")) throw new Error(`${id} cannot decode the event: ${said}`);
    return said;
  }

  /** Invokes a function with an SQS message sent now: figures derived later than a message are not derived again. */
  message = (id: string, body: object, receives = 1) =>
    this.invoke(id, {
      Records: [
        {
          messageId: chance(),
          receiptHandle: chance(),
          body: JSON.stringify(body),
          attributes: { ApproximateReceiveCount: String(receives), SentTimestamp: String(Date.now()) },
          messageAttributes: {},
          eventSource: "aws:sqs",
          eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:queue",
          awsRegion: "us-east-1",
        },
      ],
    });

  socket = (id: string, connectionId: string, body?: object) =>
    this.invoke(id, {
      headers: {},
      multiValueHeaders: {},
      requestContext: {
        routeKey: "$default",
        eventType: "MESSAGE",
        connectionId,
        requestId: chance(),
        connectedAt: 1_763_798_400_000,
        requestTimeEpoch: 1_763_798_400_000,
        stage: "live",
        authorizer: { principalId: this.person.tenant, tenant: this.person.tenant },
      },
      ...(body && { body: JSON.stringify(body) }),
      isBase64Encoded: false,
    });

  /** Registers a connection that does not exist: pushes to it find it gone. */
  async connection(): Promise<string> {
    const id = `gone-${chance()}`;
    await this.socket("websocket-connect", id);
    return id;
  }

  /** Adds a listener to the session whose connection is gone. */
  async audience(session: string): Promise<void> {
    const Item = { pk: { S: `L#${session}` }, sk: { S: `gone-${chance()}` } };
    await tables.send(new PutItemCommand({ TableName: outputs.ConnectionsTable, Item }));
  }

  /** Handles a frame. */
  act = async (action: object) => this.socket("websocket-default", await this.connection(), action);

  start(of: object): Promise<string> {
    // A retry has the codes of the earlier scan.
    const codes = "retry_of" in of ? {} : { target_hole_codes: this.codes };
    return this.act({ action: "start_scan", request_id: chance(), ...codes, ...of });
  }

  /** Starts a session, which is then in state LISTING; returns its id. */
  async listing(of: object): Promise<string> {
    const before = await this.newest();
    const said = await this.start(of);
    const id = await this.newest();
    if (id === undefined || id === before)
      throw new Error(`no session was started with ${JSON.stringify(of)}: ${said}`);
    return id;
  }

  private async newest(): Promise<string | undefined> {
    const { scans } = await this.person.json<{ scans: { session_id: string }[] }>("GET", "/api/scans?limit=1");
    return scans[0]?.session_id;
  }

  dispatch = (session_id: string) => this.message("scan-dispatcher", { session_id });
  read = (session_id: string, index: number) => this.message("scan-worker", { session_id, index });
  finish = (session_id: string) => this.message("scan-finisher", { session_id });
  quarantine = (session_id: string, index: number) => this.message("scan-quarantine", { session_id, index });
  sweep = () => this.invoke("scan-sweeper", scheduled({}, "Scheduled Event"));

  /** Starts a session and dispatches its files; returns its id. */
  async running(of: object): Promise<string> {
    const id = await this.listing(of);
    const said = await this.dispatch(id);
    if ((await sessionItem(id)).st?.S !== "RUNNING") throw new Error(`the session is not running: ${said}`);
    return id;
  }

  /** Starts a session and reads all of its files, so that only the finisher is left; returns its id. */
  async full(of: object): Promise<string> {
    const id = await this.running(of);
    const total = Number((await sessionItem(id)).mt?.N);
    for (let index = 0; index < total; index++) await this.read(id, index);
    return id;
  }

  async complete(of: object): Promise<string> {
    const id = await this.full(of);
    const said = await this.finish(id);
    if ((await sessionItem(id)).st?.S !== "COMPLETE") throw new Error(`the session is not complete: ${said}`);
    return id;
  }

  /** Changes a stored result as if another worker had read the file differently: the stored result wins. */
  async differ(session: string, index: number): Promise<void> {
    await tables.send(
      new UpdateItemCommand({
        TableName: outputs.ScanTable,
        Key: { pk: { S: `S#${session}#C#0` }, sk: { S: `R#${String(index).padStart(7, "0")}` } },
        UpdateExpression: "SET b = :bytes",
        ExpressionAttributeValues: { ":bytes": { N: "1" } },
      }),
    );
  }

  /** Removes the marks of the files that are done. */
  async unmark(session: string): Promise<void> {
    const Key = { pk: { S: `S#${session}#C#0` }, sk: { S: "DONE" } };
    await tables.send(new DeleteItemCommand({ TableName: outputs.ScanTable, Key }));
  }

  /** Moves a time of a session into the past: its deadline `dl`, or its last progress `pa`. */
  async age(session: string, name: "dl" | "pa", hours: number): Promise<void> {
    const nanoseconds = (BigInt(Date.now()) - BigInt(hours) * 3_600_000n) * 1_000_000n;
    await tables.send(
      new UpdateItemCommand({
        TableName: outputs.ScanTable,
        Key: { pk: { S: `S#${session}` }, sk: { S: "SESSION" } },
        UpdateExpression: "SET #name = :then",
        ExpressionAttributeNames: { "#name": name },
        ExpressionAttributeValues: { ":then": { N: String(nanoseconds) } },
      }),
    );
  }
}
