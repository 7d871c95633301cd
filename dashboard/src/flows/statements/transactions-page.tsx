// Transactions of all statements, and their monthly figures.

import { Button, Card, Group, Stack, Title } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useLocation, useSearch } from "wouter";

import { get } from "../../api/client.ts";
import type { Facets, StatementFile, TransactionItem, TransactionPage } from "../../contracts.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ExportFile } from "../../ui/export.tsx";
import { Shown } from "../../ui/filter-bar.tsx";
import { counted } from "../../ui/format.ts";
import { useFreezeOnHover } from "../../ui/freeze-on-hover.ts";
import { Trouble, Waiting } from "../../ui/notes.tsx";
import { isOpen } from "../../ui/state.tsx";
import { Stale } from "../../ui/toast.tsx";
import { FACETS } from "./addresses.ts";
import { FiguresPanel } from "./figures-panel.tsx";
import { FilterFields } from "./filter-fields.tsx";
import { address, csvPath, type Filters, fromSearch, pagePath, toSearch } from "./filters.ts";
import { useFile } from "./one-file.ts";
import { goesOn, rowsEvery, SLOWLY } from "./polling.ts";
import { TransactionDialog } from "./transaction-dialog.tsx";
import { TransactionsTable } from "./transactions-table.tsx";
import { nameOf } from "./words.ts";

export function Transactions() {
  const search = useSearch();
  const [, go] = useLocation();
  const filters = useMemo(() => fromSearch(search), [search]);
  const apply = useCallback((wanted: Filters) => go(address(wanted), { replace: true }), [go]);
  const [clearings, setClearings] = useState(0);
  const clear = () => {
    apply({});
    setClearings((before) => before + 1);
  };
  const { file, every } = useFile(filters.file);
  const follows = useCallback(() => (filters.file === undefined ? SLOWLY : every()), [filters.file, every]);
  const facets = useQuery({
    queryKey: ["statements", "facets"],
    queryFn: ({ signal }) => get<Facets>(FACETS, signal),
    staleTime: 0,
    refetchInterval: SLOWLY,
  });
  const [failed, setFailed] = useState<string | null>(null);
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1} fz={24}>
          Transactions
        </Title>
        <Group gap="sm">
          <Button variant="subtle" color="gray" disabled={Object.keys(filters).length === 0} onClick={clear}>
            Clear filters
          </Button>
          <ExportFile path={csvPath(filters)} name="transactions.csv" failed={setFailed} />
        </Group>
      </Group>
      {failed !== null && <Trouble title="The export failed" message={failed} />}
      {/* A new key also clears invalid text in the fields. */}
      <FilterFields
        key={clearings}
        filters={filters}
        apply={apply}
        facets={facets.data}
        fileName={file.data ? nameOf(file.data) : undefined}
      />
      <FiguresPanel filters={filters} every={follows} />
      <List filters={filters} file={file.data} every={follows} clear={clear} />
    </Stack>
  );
}

interface ListProps {
  filters: Filters;
  /** The file in the filters, if any. */
  file: StatementFile | undefined;
  every: () => number;
  clear: () => void;
}

function List({ filters, file, every, clear }: ListProps) {
  const search = toSearch(filters);
  const list = useInfiniteQuery({
    queryKey: ["statements", "transactions", search],
    queryFn: ({ pageParam, signal }) => get<TransactionPage>(pagePath(filters, pageParam), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    staleTime: 0,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => rowsEvery(query.state.data?.pages.length ?? 0, every()),
  });
  const pages = list.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page) => page.transactions) ?? [], [pages]);
  const { shown, held, props } = useFreezeOnHover(rows, idOf, list.isPlaceholderData ? "before" : `=${search}`);
  const [opened, open] = useState<TransactionItem | null>(null);

  const { fetchNextPage, hasNextPage, isFetching, isPlaceholderData, isError } = list;
  const can = hasNextPage && !isFetching && !isPlaceholderData && !isError;
  const next = useCallback(() => {
    if (can) void fetchNextPage();
  }, [can, fetchNextPage]);
  const looksOn = !isPlaceholderData && goesOn(pages ?? []);
  useEffect(() => {
    if (looksOn) next();
  }, [looksOn, next]);

  if (list.isPending) return <Waiting label="Loading transactions…" />;
  if (list.isLoadingError) {
    return (
      <Trouble title="Could not load transactions" message={list.error.message} again={() => void list.refetch()} />
    );
  }
  const searching = isPlaceholderData || looksOn;
  return (
    <Card withBorder padding="md" component="section" aria-label="List">
      <Shown
        rows={shown.length}
        whole={!hasNextPage && !searching}
        said={[
          shownWords(shown.length, hasNextPage),
          searching && "searching for more…",
          held > 0 && `${counted(held, "new transaction")} will appear when you move the pointer off the list`,
        ]}
      />
      {shown.length === 0 ? (
        <Nothing filtered={search !== ""} file={file} searching={searching} clear={clear} />
      ) : (
        <div {...props}>
          {/* A new key scrolls another view to its top. */}
          <TransactionsTable
            key={isPlaceholderData ? "before" : search}
            rows={shown}
            more={hasNextPage}
            goOn={next}
            open={open}
          />
        </div>
      )}
      {hasNextPage && !looksOn && (
        <Button variant="default" mt="md" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {shown.length === 0 ? "Keep searching" : "Show more"}
        </Button>
      )}
      {list.isError && <Stale message={list.error.message} again={() => void list.refetch()} />}
      <TransactionDialog row={opened} close={() => open(null)} />
    </Card>
  );
}

function shownWords(rows: number, more: boolean): string {
  if (!more) return counted(rows, "transaction");
  return rows === 0 ? "No transactions so far" : `Showing the first ${counted(rows, "transaction")}`;
}

const idOf = ({ id }: TransactionItem) => id;

interface NothingProps {
  filtered: boolean;
  file: StatementFile | undefined;
  searching: boolean;
  clear: () => void;
}

function Nothing({ filtered, file, searching, clear }: NothingProps) {
  if (searching) return <Waiting label="Searching for transactions…" />;
  if (file && isOpen(file.state)) return <Waiting label="The file is being read…" />;
  if (filtered) {
    return (
      <EmptyState title="No transactions match the filters">
        <Button variant="default" size="xs" onClick={clear}>
          Show all transactions
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No transactions yet">Upload a statement under Files to see its transactions here.</EmptyState>
  );
}
