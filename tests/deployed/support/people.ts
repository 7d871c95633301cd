// Signed-in users, and their HTTP requests.

import { randomBytes } from "node:crypto";
import {
  AdminCreateUserCommand,
  AdminInitiateAuthCommand,
  AdminSetUserPasswordCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { Socket } from "./socket.ts";
import { cognito, outputs } from "./stack.ts";

export const chance = () => randomBytes(6).toString("hex");

interface Target {
  number: number;
  upload:
    | { kind: "single"; method: string; url: string; fields: Record<string, string> }
    | { kind: "parts"; part_bytes: number; parts: { number: number; url: string }[] };
}

export interface Detail {
  session_id: string;
  state: string;
  detail: string;
  total: number | null;
  processed: number;
  failed: number;
  matches: number;
  reason: string | null;
  receipt: Receipt | null;
}

export interface Receipt {
  duration_seconds: number;
  files: number;
  bytes: number;
  pages: number;
  used?: Record<string, number>;
}

export class Person {
  private constructor(
    readonly tenant: string,
    readonly email: string,
    readonly password: string,
    readonly token: string,
  ) {}

  /** Creates a user with an account and a tenant. */
  static async of(tenant: string): Promise<Person> {
    const [email, password] = [`${chance()}@example.org`, `Aa1!${chance()}${chance()}`];
    const account = { UserPoolId: outputs.UserPoolId, Username: email };
    await cognito.send(
      new AdminCreateUserCommand({
        ...account,
        MessageAction: "SUPPRESS",
        UserAttributes: [
          { Name: "email", Value: email },
          { Name: "email_verified", Value: "true" },
          { Name: "custom:tenant", Value: tenant },
        ],
      }),
    );
    await cognito.send(new AdminSetUserPasswordCommand({ ...account, Password: password, Permanent: true }));
    const { AuthenticationResult } = await cognito.send(
      new AdminInitiateAuthCommand({
        UserPoolId: outputs.UserPoolId,
        ClientId: outputs.UserPoolClientId,
        AuthFlow: "ADMIN_USER_PASSWORD_AUTH",
        AuthParameters: { USERNAME: email, PASSWORD: password },
      }),
    );
    return new Person(tenant, email, password, AuthenticationResult?.IdToken ?? "");
  }

  /** Sends a request; returns any answer, also an error. */
  ask = (method: string, route: string, body?: object) => this.askAs(`Bearer ${this.token}`, method, route, body);

  askAs(authorization: string, method: string, route: string, body?: object): Promise<Response> {
    return fetch(outputs.HttpApiUrl + route, {
      method,
      headers: { ...(authorization && { authorization }), ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  /** Sends a request that must succeed; returns the JSON answer. */
  async json<T>(method: string, route: string, body?: object): Promise<T> {
    const answer = await this.ask(method, route, body);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${route}: ${answer.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** Uploads a list of codes; returns the key of the stored list. */
  async understand(codes: string[]): Promise<string> {
    const route = `${outputs.HttpApiUrl}/api/codes?name=codes.txt`;
    const headers = { authorization: `Bearer ${this.token}`, "content-type": "application/octet-stream" };
    const answer = await fetch(route, { method: "POST", headers, body: codes.join("\n") });
    return ((await answer.json()) as { codes_key: string }).codes_key;
  }

  session = (id: string) => this.json<Detail>("GET", `/api/scans/${id}`);

  async connect(): Promise<Socket> {
    const { ticket } = await this.json<{ ticket: string }>("POST", "/api/tickets");
    return this.connectWith(ticket);
  }

  connectWith = (ticket: string) => Socket.open(`${outputs.SocketUrl}?ticket=${ticket}`);

  /** Uploads files as the page does: declares them, then sends them directly to the storage. */
  async upload(files: { name: string; content: Buffer }[]): Promise<string> {
    const { upload_id } = await this.json<{ upload_id: string }>("POST", "/api/uploads");
    const declared = files.map(({ name, content }) => ({ name, size: content.length }));
    const route = `/api/uploads/${upload_id}/files`;
    const targets = await this.json<{ files: Target[] }>("POST", route, { first: 0, files: declared });
    for (const { number, upload } of targets.files) {
      const content = files[number]?.content ?? Buffer.alloc(0);
      if (upload.kind === "single") await post(upload, content);
      else {
        const parts = await putParts(upload, content);
        await this.json("POST", `${route}/${number}/complete`, { parts });
      }
    }
    return upload_id;
  }
}

export async function post(
  { url, method, fields }: { url: string; method: string; fields: Record<string, string> },
  content: Buffer,
) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", new Blob([new Uint8Array(content)]));
  const answer = await fetch(url, { method, body: form });
  if (!answer.ok) throw new Error(`the form was answered ${answer.status}: ${await answer.text()}`);
}

async function putParts(upload: { part_bytes: number; parts: { number: number; url: string }[] }, content: Buffer) {
  const sent: { number: number; etag: string }[] = [];
  for (const { number, url } of upload.parts) {
    const from = (number - 1) * upload.part_bytes;
    const body = new Uint8Array(content.subarray(from, from + upload.part_bytes));
    const answer = await fetch(url, { method: "PUT", body });
    if (!answer.ok) throw new Error(`part ${number} was answered ${answer.status}: ${await answer.text()}`);
    sent.push({ number, etag: answer.headers.get("etag") ?? "" });
  }
  return sent;
}
