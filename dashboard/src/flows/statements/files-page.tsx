// The uploaded statements and their results.

import { Stack, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { get } from "../../api/client.ts";
import { paged } from "../../api/paging.ts";
import type { StatementFile, StatementFilePage, WorkState } from "../../contracts.ts";
import { useAnnounce } from "../../ui/announcer.tsx";
import { DeleteDialog, type Deletion } from "../../ui/delete-dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { counted } from "../../ui/format.ts";
import { useFreezeOnHover } from "../../ui/freeze-on-hover.ts";
import { Listing } from "../../ui/listing.tsx";
import { isOpen } from "../../ui/state.tsx";
import { FILES } from "./addresses.ts";
import { deletionOf, focusTitle } from "./deletion.ts";
import { FilesTable } from "./files-table.tsx";
import { listEvery, missing } from "./polling.ts";
import { UploadCard, uploads, useUploads } from "./upload-card.tsx";
import { nameOf, stateWords } from "./words.ts";

export function Files() {
  const { expected, filesDone } = useUploads();
  const list = useInfiniteQuery({
    queryKey: ["statements", "files"],
    queryFn: ({ pageParam, signal }) => get<StatementFilePage>(paged(FILES, pageParam), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    staleTime: 0,
    refetchInterval: (query) => {
      const pages = query.state.data?.pages ?? [];
      const files = pages.flatMap((page) => page.files);
      return listEvery(files, pages.length, uploads.snapshot().expected, Date.now());
    },
  });
  const files = list.data?.pages.flatMap((page) => page.files) ?? [];
  const { shown, held, props } = useFreezeOnHover(files, idOf);
  const [asked, ask] = useState<Deletion | null>(null);
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
      <Listing
        list={list}
        one="file"
        rows={shown.length}
        said={[
          due > 0 && `${counted(due, "file")} not listed yet`,
          held > 0 && `${counted(held, "new file")} will appear when you move the pointer off the list`,
        ]}
        empty={
          <EmptyState title="No statements yet">
            Drop or choose statements above. Their transactions appear under Transactions shortly afterwards.
          </EmptyState>
        }
      >
        <div {...props}>
          <FilesTable files={shown} remove={(file) => ask(deletionOf(file))} />
        </div>
      </Listing>
      <DeleteDialog about={asked} close={() => ask(null)} gone={focusTitle} />
    </Stack>
  );
}

const idOf = ({ id }: StatementFile) => id;

/** Announces the results of files whose processing has just ended. */
function useNews(files: StatementFile[]): void {
  const announce = useAnnounce();
  const before = useRef(new Map<string, WorkState>());
  useEffect(() => {
    const over = files.filter((file) => {
      const was = before.current.get(file.id);
      return was !== undefined && isOpen(was) && !isOpen(file.state);
    });
    before.current = new Map(files.map(({ id, state }) => [id, state]));
    if (over.length > 3) announce(`${counted(over.length, "file")} finished.`);
    else if (over.length > 0) announce(over.map(newsOf).join(" "));
  }, [files, announce]);
}

function newsOf(file: StatementFile): string {
  const rows = file.state === "done" || file.state === "review" ? `, ${counted(file.new, "new row")}` : "";
  return `${nameOf(file)}: ${stateWords(file)}${rows}.`;
}
