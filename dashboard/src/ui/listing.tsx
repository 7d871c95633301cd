// The list of a flow's work: loading, trouble, nothing yet, rows, and the way to earlier ones.

import { Button } from "@mantine/core";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Shown } from "./filter-bar.tsx";
import { counted } from "./format.ts";
import { Trouble, Waiting } from "./notes.tsx";
import { Stale } from "./toast.tsx";

interface Props<Page> {
  list: UseInfiniteQueryResult<InfiniteData<Page>, Error>;
  /** What one of the things is called. */
  one: string;
  rows: number;
  /** Beside how many there are. */
  said?: (string | false)[];
  /** Stands where there are none. */
  empty: ReactNode;
  children: ReactNode;
}

export function Listing<Page>({ list, one, rows, said = [], empty, children }: Props<Page>) {
  const again = () => void list.refetch();
  return (
    <>
      {list.isPending && <Waiting label={`Loading the ${one}s…`} />}
      {list.isLoadingError && (
        <Trouble title={`The ${one}s cannot be listed`} message={list.error.message} again={again} />
      )}
      {list.data && (
        <>
          <Shown
            rows={rows}
            said={[list.hasNextPage ? `The newest ${counted(rows, one)}` : counted(rows, one), ...said]}
          />
          {rows === 0 ? empty : children}
        </>
      )}
      {list.hasNextPage && (
        <div>
          <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show earlier ones
          </Button>
        </div>
      )}
      {list.data && list.isError && <Stale message={list.error.message} again={again} />}
    </>
  );
}
