// The files of a new scan: dropped or chosen files, a folder on the machine of a local server, a folder in the bucket
// or a Google Drive folder.

import { Anchor, Button, Code, Group, Stack, Tabs, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { AGAIN, get, isAway } from "../../api/client.ts";
import type { Config, FolderListing, SourceKind } from "../../contracts.ts";
import { useSignIn } from "../../sign-in/current.ts";
import { bytes, counted } from "../../ui/format.ts";
import { chosenWords, Intake, Refused } from "../../ui/intake.tsx";
import type { Chosen } from "../../upload/collect.ts";
import { folderId, isToken } from "./drive.ts";
import classes from "./fields.module.css";
import { TokenField } from "./token-field.tsx";

export type SourceChosen =
  | { kind: "folder"; path: string }
  | { kind: "upload"; files: Chosen[] }
  | { kind: "prefix"; prefix: string }
  /** `null`: the folder configured on the server, or My Drive. */
  | { kind: "drive"; folder: string | null; token: string };

/** The tabs, in this order. */
const NAMES: [SourceKind, string][] = [
  ["folders", "A folder on this computer"],
  ["upload", "Upload files"],
  ["prefix", "A folder in the bucket"],
  ["drive", "Google Drive"],
];

interface Props {
  config: Config;
  chosen: SourceChosen | null;
  choose: (source: SourceChosen | null) => void;
  disabled: boolean;
}

export function Source({ config, chosen, choose, disabled }: Props) {
  const kinds = NAMES.filter(([kind]) => config.sources.includes(kind));
  const field = (kind: SourceKind) => {
    if (kind === "folders") return <Folder choose={choose} />;
    if (kind === "drive") return <DriveFolder choose={choose} />;
    if (kind === "prefix") return <Prefix choose={choose} />;
    return <Drop limits={config.limits} chosen={chosen} choose={choose} disabled={disabled} />;
  };
  const first = kinds[0]?.[0] ?? "upload";
  if (kinds.length < 2) return field(first);
  return (
    <Tabs defaultValue={first} onChange={() => choose(null)} keepMounted={false}>
      <Tabs.List mb="md">
        {kinds.map(([kind, name]) => (
          <Tabs.Tab key={kind} value={kind} disabled={disabled}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {kinds.map(([kind]) => (
        <Tabs.Panel key={kind} value={kind}>
          {field(kind)}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

function DriveFolder({ choose }: { choose: Props["choose"] }) {
  const [folder, setFolder] = useState("");
  const [token, setToken] = useState("");
  const take = (folder: string, token: string) => {
    setFolder(folder);
    setToken(token);
    const id = folder.trim() === "" ? null : folderId(folder);
    const wrong = (id === null && folder.trim() !== "") || !isToken(token.trim());
    choose(wrong ? null : { kind: "drive", folder: id, token: token.trim() });
  };
  return (
    <Stack gap="sm">
      <TextInput
        label="Folder"
        description="Google Drive address or ID of the folder. Subfolders are included. Leave empty for the folder configured on this server, or for My Drive if none is configured."
        placeholder="https://drive.google.com/drive/folders/…"
        value={folder}
        onChange={(event) => take(event.currentTarget.value, token)}
        error={
          folder.trim() !== "" && folderId(folder) === null
            ? "This is not the address of a Google Drive folder. Open the folder there and copy its address."
            : undefined
        }
        autoComplete="off"
        spellCheck={false}
      />
      <TokenField token={token} change={(token) => take(folder, token)} />
    </Stack>
  );
}

/** Returns the key prefix of a folder. Without the slash at its end, `2026` would also match `2026-old`. */
export function prefixOf(folder: string): string {
  const name = folder.trim().replace(/^\/+|\/+$/g, "");
  return name === "" ? "" : `${name}/`;
}

function Prefix({ choose }: { choose: Props["choose"] }) {
  const signIn = useSignIn();
  const tenant = signIn?.kind === "in" || signIn?.kind === "lapsed" ? signIn.who.tenant : "TENANT";
  const [folder, setFolder] = useState("");
  useEffect(() => choose({ kind: "prefix", prefix: prefixOf(folder) }), [folder, choose]);
  return (
    <Stack gap="sm">
      <TextInput
        label="Folder in the uploads bucket"
        description="Subfolders are included. Leave empty to scan all your files."
        placeholder="drawings/2026"
        value={folder}
        onChange={(event) => setFolder(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <Text size="sm" c="dimmed">
        Put files below <Code>files/{tenant}/</Code> in the bucket, for example with{" "}
        <Code>
          aws s3 sync drawings s3://BUCKET/files/{tenant}/{prefixOf(folder) || "drawings/2026/"}
        </Code>
        .
      </Text>
    </Stack>
  );
}

function Folder({ choose }: { choose: Props["choose"] }) {
  const [path, setPath] = useState("");
  const [settled] = useDebouncedValue(path.trim(), 250);
  const listing = useQuery({
    queryKey: ["folders", settled],
    queryFn: ({ signal }) =>
      get<FolderListing>(settled ? `/api/folders?path=${encodeURIComponent(settled)}` : "/api/folders", signal),
    placeholderData: (before) => before,
    retry: false,
    refetchInterval: ({ state }) => (isAway(state.error) ? AGAIN : false),
  });
  const take = (text: string) => {
    setPath(text);
    choose(text.trim() === "" ? null : { kind: "folder", path: text.trim() });
  };
  // A folder that the server refuses cannot be scanned. If the server is away, this is not known yet.
  const refused = settled !== "" && settled === path.trim() && listing.isError && !isAway(listing.error);
  useEffect(() => {
    if (refused) choose(null);
  }, [refused, choose]);
  const shown = listing.data;
  return (
    <Stack gap="sm">
      <TextInput
        label="Folder"
        description="All files in the folder and its subfolders are read."
        placeholder={shown && settled === "" ? shown.path : "/home/me/drawings"}
        value={path}
        onChange={(event) => take(event.currentTarget.value)}
        error={settled !== "" && listing.isError ? listing.error.message : undefined}
        autoComplete="off"
        spellCheck={false}
      />
      {shown && !listing.isError && (
        <nav aria-label="Folders">
          <Group gap={6} className={classes.folders}>
            {shown.parent && (
              <Button size="compact-sm" variant="default" onClick={() => take(shown.parent ?? "")}>
                ↑ Parent folder
              </Button>
            )}
            {shown.folders.map((folder) => (
              <Button key={folder.path} size="compact-sm" variant="light" onClick={() => take(folder.path)}>
                {folder.name}
              </Button>
            ))}
          </Group>
          <Text size="sm" c="dimmed" mt={6}>
            {settled === "" ? `${shown.path}: ` : ""}
            {counted(shown.files, "file")} directly in the folder, {counted(shown.folders.length, "subfolder")}.
          </Text>
        </nav>
      )}
    </Stack>
  );
}

function Drop({
  limits,
  chosen,
  choose,
  disabled,
}: Pick<Props, "chosen" | "choose" | "disabled"> & { limits: Config["limits"] }) {
  const files = chosen?.kind === "upload" ? chosen.files : [];
  const [trouble, setTrouble] = useState<string | null>(null);

  const add = (more: Chosen[]) => {
    const known = new Set(files.map(({ name }) => name));
    const all = [...files, ...more.filter(({ name }) => !known.has(name))];
    // Browsers list files in any order; reports use this one.
    all.sort((a, b) => (a.name < b.name ? -1 : 1));
    const large = all.find(({ file }) => file.size > limits.upload_file_bytes);
    if (all.length > limits.upload_files) {
      setTrouble(`You can upload at most ${counted(limits.upload_files, "file")}. Scan them in parts.`);
    } else if (large) {
      setTrouble(`${large.name} is larger than ${bytes(limits.upload_file_bytes)}. Leave it out.`);
    } else {
      setTrouble(null);
      choose(all.length === 0 ? null : { kind: "upload", files: all });
    }
  };

  return (
    <Stack gap="sm">
      <Intake title="Drop files or folders here" folders disabled={disabled} add={add} />
      {trouble !== null && <Refused>{trouble}</Refused>}
      {files.length > 0 && (
        <Group gap="sm">
          <Text size="sm">{chosenWords(files)}</Text>
          {!disabled && (
            <Anchor component="button" type="button" size="sm" onClick={() => choose(null)}>
              Remove all
            </Anchor>
          )}
        </Group>
      )}
    </Stack>
  );
}
