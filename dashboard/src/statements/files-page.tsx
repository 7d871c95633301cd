// The statements that were handed in, and what came of each.

import { Button, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { get } from "../api/client.ts";
import type { FileItem, FilePage, FileState } from "../contracts.ts";
import { useAnnounce } from "../ui/announcer.tsx";
import { counted } from "../ui/format.ts";
import { Empty, Trouble, Waiting } from "../ui/notes.tsx";
import { DeleteDialog } from "./delete-dialog.tsx";
import { FilesTable } from "./files-table.tsx";
import { Stale } from "./frame.tsx";
import { isOpen, listEvery, missing } from "./polling.ts";
import classes from "./statements.module.css";
import { useSteady } from "./steady.ts";
import { UploadCard, uploads, useUploads } from "./upload-card.tsx";
import { nameOf, stateWords } from "./words.ts";

export function Files() {
  const { expected, filesDone } = useUploads();
  const list = useInfiniteQuery({
    queryKey: ["statements", "files"],
    queryFn: ({ pageParam, signal }) =>
      get<FilePage>(pageParam === null ? "/api/files" : `/api/files?after=${encodeURIComponent(pageParam)}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    staleTime: 0,
    refetchInterval: (query) => {
      const pages = query.state.data?.pages ?? [];
      const files = pages.flatMap((page) => page.files);
      return listEvery(files, pages.length, uploads.snapshot().expected, Date.now());
    },
  });
  const files = list.data?.pages.flatMap((page) => page.files) ?? [];
  const { shown, held, props } = useSteady(files, idOf);
  const [asked, ask] = useState<FileItem | null>(null);
  useNews(files);

  const { refetch } = list;
  useEffect(() => {
    if (filesDone > 0) void refetch();
  }, [filesDone, refetch]);

  const due = missing(files, expected, Date.now());
  return (
    <Stack gap="md">
      <Title order={1} fz={24}>
        Files
      </Title>
      <UploadCard listed={() => files.map(idOf)} />
      {list.isPending && <Waiting label="Loading the files…" />}
      {list.isLoadingError && (
        <Trouble title="The files cannot be listed" message={list.error.message} again={() => void list.refetch()} />
      )}
      {list.data && (
        <>
          <div className={classes.line}>
            <Text size="sm" c="dimmed" role="status" data-listed={shown.length}>
              {[
                list.hasNextPage ? `The newest ${counted(shown.length, "file")}` : counted(shown.length, "file"),
                ...(due > 0 ? [`${counted(due, "file")} on the way`] : []),
                ...(held > 0 ? [`${counted(held, "new file")} will show when the pointer leaves the list`] : []),
              ].join(" · ")}
            </Text>
          </div>
          {files.length === 0 ? (
            <Empty title="No statement yet">
              Drop statements above, or choose them: what is in them is listed under Transactions a moment later.
            </Empty>
          ) : (
            <div {...props}>
              <FilesTable files={shown} remove={ask} />
            </div>
          )}
        </>
      )}
      {list.hasNextPage && (
        <div>
          <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show earlier ones
          </Button>
        </div>
      )}
      {list.data && list.isError && <Stale message={list.error.message} again={() => void list.refetch()} />}
      <DeleteDialog file={asked} close={() => ask(null)} />
    </Stack>
  );
}

const idOf = ({ id }: FileItem) => id;

/** Says what has become of files that were worked on a moment ago. */
function useNews(files: FileItem[]): void {
  const announce = useAnnounce();
  const before = useRef(new Map<string, FileState>());
  useEffect(() => {
    const over = files.filter((file) => {
      const was = before.current.get(file.id);
      return was !== undefined && isOpen(was) && !isOpen(file.state);
    });
    before.current = new Map(files.map(({ id, state }) => [id, state]));
    if (over.length > 3) announce(`${counted(over.length, "file")} are done.`);
    else if (over.length > 0) announce(over.map(newsOf).join(" "));
  }, [files, announce]);
}

function newsOf(file: FileItem): string {
  const rows = file.state === "processed" || file.state === "review" ? `, ${counted(file.new, "new row")}` : "";
  return `${nameOf(file)}: ${stateWords(file.state)}${rows}.`;
}
