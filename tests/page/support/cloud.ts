// The page as AWS serves it, in front of the real server: files and an API that requires tokens at one origin; sockets
// and storage at another, sign-in at a third.

import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import net from "node:net";
import path from "node:path";

import type { Server } from "./server.ts";

/** The page as built by `scripts/dashboard`. */
const FILES = path.resolve(import.meta.dirname, "../../../dashboard/dist");
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const PUBLIC = ["/api/config", "/api/health"];

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

export class Cloud {
  /** Claims of the user who signs in. */
  person = { sub: "0f-1", email: "ada@example.org", "custom:tenant": "acme" };
  /** Whether refresh tokens are accepted. */
  refreshes = true;
  /** Valid refresh tokens. */
  readonly holding = new Set<string>();
  /** Requests to the bucket that carried credentials. */
  readonly told: string[] = [];
  private readonly tokens = new Set<string>();
  private readonly asked = new Map<string, URLSearchParams>();
  private readonly servers: http.Server[] = [];
  private readonly sockets = new Set<net.Socket>();
  private page = "";
  private login = "";
  private bucket = "";

  private constructor(private readonly server: Server) {}

  static async before(server: Server): Promise<Cloud> {
    const cloud = new Cloud(server);
    cloud.login = await cloud.listen(cloud.signIn);
    cloud.bucket = await cloud.listen(cloud.store);
    cloud.page = await cloud.listen(cloud.serve);
    return cloud;
  }

  get address(): string {
    return this.page;
  }

  /** Invalidates all id tokens. */
  revoke(): void {
    this.tokens.clear();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(
      this.servers.map((server) => {
        server.closeAllConnections();
        const closed = once(server, "close");
        server.close();
        return closed;
      }),
    );
  }

  private async listen(handler: Handler): Promise<string> {
    const server = http.createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://here");
      Promise.resolve(handler(request, response, url)).catch(() => response.destroy());
    });
    server.on("upgrade", (request, client) => this.upgrade(request, client as net.Socket));
    this.servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  }

  /** CloudFront: the files of the page, and the API. */
  private readonly serve: Handler = async (request, response, url) => {
    if (url.pathname.startsWith("/api/")) return this.api(request, response, url);
    const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
    const wanted = url.pathname.startsWith("/scans/") || !name.includes(".") ? "/index.html" : url.pathname;
    const file = path.join(FILES, wanted);
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, {
      "content-type": TYPES[path.extname(file)] ?? "application/octet-stream",
      "content-security-policy": [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' blob: data:",
        `connect-src 'self' ${this.login} ${this.bucket} ${this.bucket.replace("http", "ws")}`,
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
      ].join("; "),
      "referrer-policy": "no-referrer",
    });
    response.end(readFileSync(file));
  };

  private async api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (!PUBLIC.includes(url.pathname) && !(token && this.tokens.has(token))) {
      return void response.writeHead(401, { "content-type": "application/json" }).end('{"message":"Unauthorized"}');
    }
    const link = /^\/api(\/scans\/[0-9a-f]{32}\/)(report|files\/\d+)\/link$/.exec(url.pathname);
    if (link) {
      const content = `${link[1]}${link[2] === "report" ? "report.xlsx" : link[2]}`;
      const there = await fetch(this.server.address + content, { method: "HEAD" });
      if (!there.ok) return this.json(response, { type: "about:blank", title: "t", status: 404, detail: "This file does not exist." }, 404);
      return this.json(response, { url: `${this.bucket}/get${content}`, expires_at: "2100-01-01T00:00:00Z" });
    }
    const answer = await this.ask(request, url);
    const type = answer.headers.get("content-type") ?? "";
    let body = Buffer.from(await answer.arrayBuffer());
    if (type.includes("json") && answer.ok) body = Buffer.from(JSON.stringify(this.changed(url, JSON.parse(body.toString()))));
    response.writeHead(answer.status, { "content-type": type }).end(body);
  }

  /** Changes answers of the real server to those of a deployment. */
  private changed(url: URL, body: Record<string, unknown>): unknown {
    if (url.pathname === "/api/config") {
      const at = (name: string) => `${this.login}/${name}`;
      const sign_in = {
        authorize_url: at("oauth2/authorize"),
        token_url: at("oauth2/token"),
        revoke_url: at("oauth2/revoke"),
        logout_url: at("logout"),
        client_id: "page",
        scope: "openid email",
      };
      const socket = { ...(body.socket as object), path: `${this.bucket.replace("http", "ws")}/ws` };
      return { ...body, place: "aws", sources: ["upload", "prefix"], socket, sign_in };
    }
    if (body.receipt) {
      const used = {
        invocations: 42, gb_seconds: 12.5, queue_requests: 30, table_write_units: 200, table_read_units: 20.5,
        object_writes: 9, object_reads: 31, socket_messages: 17, key_requests: 0, ocr_pages: 0,
      };
      const cost = {
        currency: "USD", region: "eu-central-1", total: 0.01312, functions: 0.012, queues: 0.0004, tables: 0.0006,
        storage: 0.0001, messages: 0.00002, keys: 0, ocr: 0,
      };
      return { ...body, receipt: { ...(body.receipt as object), used, cost } };
    }
    return JSON.parse(JSON.stringify(body).replaceAll('"url":"/storage', `"url":"${this.bucket}/storage`));
  }

  /** S3, and the gateway for WebSockets. */
  private readonly store: Handler = async (request, response, url) => {
    const { authorization, cookie } = request.headers;
    if (authorization || cookie) this.told.push(`${request.method} ${url.pathname}`);
    const cors = { "access-control-allow-origin": this.page, "access-control-allow-methods": "PUT, POST", "access-control-expose-headers": "ETag" };
    if (request.method === "OPTIONS") return void response.writeHead(204, cors).end();
    const from = url.pathname.startsWith("/get/") ? new URL(url.pathname.slice(4), "http://here") : url;
    const answer = await this.ask(request, from);
    const headers: Record<string, string> = { ...cors, "content-type": answer.headers.get("content-type") ?? "" };
    const etag = answer.headers.get("etag");
    if (etag) headers.etag = etag;
    if (from !== url) headers["content-disposition"] = `attachment; filename="${path.basename(from.pathname)}"`;
    response.writeHead(answer.status, headers).end(Buffer.from(await answer.arrayBuffer()));
  };

  private readonly signIn: Handler = async (request, response, url) => {
    const said = url.searchParams;
    if (url.pathname === "/logout") return void response.writeHead(302, { location: said.get("logout_uri") ?? "" }).end();
    if (url.pathname === "/oauth2/authorize") {
      const code = randomUUID();
      this.asked.set(code, said);
      const back = `${said.get("redirect_uri")}?code=${code}&state=${said.get("state")}`;
      const refuse = `${said.get("redirect_uri")}?error=access_denied&state=${said.get("state")}`;
      response.writeHead(200, { "content-type": "text/html" });
      return void response.end(`<title>Login</title><a href="${back}">Enter</a> <a href="${refuse}">Leave</a>`);
    }
    const form = new URLSearchParams((await all(request)).toString());
    if (url.pathname === "/oauth2/revoke") {
      // Without CORS headers, because the page ignores the answer.
      this.holding.delete(form.get("token") ?? "");
      return void response.writeHead(200).end();
    }
    const cors = { "access-control-allow-origin": "*" };
    const asked = this.asked.get(form.get("code") ?? "");
    this.asked.delete(form.get("code") ?? "");
    const proven = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    const good = asked
      ? asked.get("code_challenge") === proven && asked.get("redirect_uri") === form.get("redirect_uri")
      : this.refreshes && this.holding.has(form.get("refresh_token") ?? "");
    if (!good) return this.json(response, { error: "invalid_grant" }, 400, cors);
    const claims = { aud: "page", ...this.person, jti: randomUUID(), ...(asked && { nonce: asked.get("nonce") }) };
    const id = `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.sig`;
    this.tokens.add(id);
    const refresh = form.get("refresh_token") ?? randomUUID();
    this.holding.add(refresh);
    return this.json(response, { id_token: id, refresh_token: refresh, expires_in: 3600 }, 200, cors);
  };

  private json(response: ServerResponse, body: unknown, status = 200, headers: Record<string, string> = {}): void {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  }

  private async ask(request: IncomingMessage, url: URL): Promise<Response> {
    const body = await all(request);
    const type = request.headers["content-type"];
    return fetch(this.server.address + url.pathname + url.search, {
      method: request.method ?? "GET",
      ...(type && { headers: { "content-type": type } }),
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    });
  }

  private upgrade(request: IncomingMessage, client: net.Socket): void {
    const server = net.connect(this.server.port, "127.0.0.1");
    const own = { ...request.headers, host: `127.0.0.1:${this.server.port}` };
    delete (own as Record<string, unknown>).origin;
    const lines = Object.entries(own).map(([name, value]) => `${name}: ${value}`);
    server.write(`GET ${request.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}

async function all(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
