// A fake Google Drive with one folder of files, as far as scans use it.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";

import type { File } from "./files.ts";

export const FOLDER = "folder-of-drawings-0001";
const TOKEN = "ya29.a-token-of-google";

export class Drive {
  readonly token = TOKEN;
  /** Whether the token has expired. */
  expired = false;

  private constructor(private readonly server: Server) {}

  /** Starts the server at the address that the stack was deployed with. */
  static async with(files: File[]): Promise<Drive> {
    const port = Number(process.env.RIFFLE_DRIVE_PORT);
    const ids = new Map(files.map((file, at) => [`file-of-drawings-${String(at).padStart(4, "0")}`, file]));
    const described = (id: string, { name, content }: File) => ({
      ...{ id, name, mimeType: "application/octet-stream", size: String(content.length), trashed: false },
      md5Checksum: createHash("md5").update(content).digest("hex"),
    });
    const known: { drive?: Drive } = {};
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://drive");
      const id = /^\/drive\/v3\/files\/?(.*)$/.exec(url.pathname)?.[1] ?? "";
      const file = ids.get(id);
      const answer = (status: number, body: object) => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      };
      if (known.drive?.expired || request.headers.authorization !== `Bearer ${TOKEN}`)
        answer(401, { error: { code: 401 } });
      else if (id === "") answer(200, { files: [...ids].map(([id, file]) => described(id, file)) });
      else if (id === FOLDER) answer(200, { id, name: "drawings", mimeType: "application/vnd.google-apps.folder" });
      else if (!file) answer(404, { error: { code: 404 } });
      else if (url.searchParams.get("alt") === "media") response.end(file.content);
      else answer(200, described(id, file));
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    known.drive = new Drive(server);
    return known.drive;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
  }
}
