// A list of a flow's items: loading, error, empty, rows, and a button for older items.

import { Button } from "@mantine/core";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Shown } from "./filter-bar.tsx";
import { counted } from "./format.ts";
import { Trouble, Waiting } from "./notes.tsx";
import { Stale } from "./toast.tsx";

interface Props<Page> {
  list: UseInfiniteQueryResult<InfiniteData<Page>, Error>;
  /** Singular name of the items. */
  one: string;
  rows: number;
  /** Status texts after the number of items. */
  said?: (string | false)[];
  /** Shown if there are no items. */
  empty: ReactNode;
  children: ReactNode;
}

export function Listing<Page>({ list, one, rows, said = [], empty, children }: Props<Page>) {
  const again = () => void list.refetch();
  return (
    <>
      {list.isPending && <Waiting label={`Loading ${one}s…`} />}
      {list.isLoadingError && <Trouble title={`Could not load ${one}s`} message={list.error.message} again={again} />}
      {list.data && (
        <>
          <Shown
            rows={rows}
            said={[list.hasNextPage ? `Showing the newest ${counted(rows, one)}` : counted(rows, one), ...said]}
          />
          {rows === 0 ? empty : children}
        </>
      )}
      {list.hasNextPage && (
        <div>
          <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show older
          </Button>
        </div>
      )}
      {list.data && list.isError && <Stale message={list.error.message} again={again} />}
    </>
  );
}
